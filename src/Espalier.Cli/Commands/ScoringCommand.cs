using System.CommandLine;
using System.Text.Json;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;

namespace Espalier.Cli.Commands;

/// <summary>What a language model is asked about a file: how likely it finds what stands there.</summary>
abstract class ScoringCommand : EspalierCommand
{
    /// <param name="file">What the file holds.</param>
    protected ScoringCommand(string name, string description, string file)
        : base(name, description) => File = new("file") { Description = file };

    protected LanguageOptions Common { get; } = new();

    protected Argument<string> File { get; }

    protected void AddOptions(params ReadOnlySpan<Option> own)
    {
        Add(File);
        foreach (
            Option option in (Option[])
                [Common.Model, .. own, Common.Threads, Common.Output, Common.Format]
        )
        {
            Add(option);
        }
    }

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        Common.Check(parse, terminal, problems);
        if (parse.ValueOf(File) is { } file)
        {
            problems.NeedFile("file", file);
        }
    }

    protected void Write(
        ParseResult parse,
        Terminal terminal,
        Action<Utf8JsonWriter> json,
        Action<Terminal> say
    ) =>
        OutputPlace.Write(
            terminal,
            parse.GetValue(Common.Output),
            to =>
            {
                if (Common.IsJson(parse))
                {
                    JsonText.Document(to.Out, json);
                }
                else
                {
                    say(to);
                }
            }
        );
}
