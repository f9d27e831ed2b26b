using System.CommandLine;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Cli.Input;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Text;

namespace Espalier.Cli.Commands;

/// <summary>Shows texts as a model reads them, so that others can check us.</summary>
sealed class TokenizeCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly InputPlace _input = new();

    public TokenizeCommand()
        : base(
            "tokenize",
            "Show the tokens of texts as the model reads them; --max-length cuts them."
        )
    {
        // Nothing is cut unless asked for.
        _common.MaxLength.DefaultValueFactory = null;
        Add(_input.File);
        AddAll([
            _common.Model,
            .. _input.Options,
            _common.MaxLength,
            _common.Output,
            _common.Format,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier tokenize texts.txt --format json",
        "echo '{\"text\": \"a dog\", \"text_pair\": \"a cat\"}' | espalier tokenize --max-length 32",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _input.Check(parse, problems);
        _common.CheckModel(parse, terminal, problems, forText: true);
        _common.CheckFormat(parse, problems);
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        int? maxLength = _common.AskedLength(parse);
        Tokenizer tokenizer = Tokenizer.Load(_common.ModelFolder(parse, terminal, forText: true));
        terminal.Tell(tokenizer.Notes);

        bool json = _common.IsJson(parse);
        OutputPlace.Write(
            terminal,
            parse.GetValue(_common.Output),
            to =>
                _input.Read(
                    parse,
                    terminal,
                    input =>
                    {
                        while (input.TryNext(out InputText text))
                        {
                            stop.ThrowIfCancellationRequested();
                            if (maxLength is { } length)
                            {
                                UsageException.Of(() =>
                                    TextFit.CheckLength(tokenizer, length, text.Pair is not null)
                                );
                            }

                            Encoding encoding = tokenizer.Encode(text.Text, text.Pair, maxLength);
                            Write(to.Out, text, encoding, json);
                            if (!input.IsWaiting)
                            {
                                to.Out.Flush();
                            }
                        }
                    },
                    stop
                )
        );
        return ExitCode.Ok;
    }

    static void Write(TextWriter output, InputText text, Encoding encoding, bool json)
    {
        if (json)
        {
            JsonText.Line(output, writer => Write(writer, encoding));
            return;
        }

        output.WriteLine($"line {text.Line}: {encoding.Ids.Length} tokens");
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            var (start, end) = encoding.Offsets[i];
            output.WriteLine(
                $"{encoding.Ids[i], 8}  {encoding.TypeIds[i]}  {$"{start}-{end}", -11} {Shown.Whole(encoding.Tokens[i])}"
            );
        }
    }

    static void Write(Utf8JsonWriter json, Encoding encoding)
    {
        json.Numbers("ids", encoding.Ids);
        json.Numbers("type_ids", encoding.TypeIds);
        json.Array("tokens", encoding.Tokens, json.WriteStringValue);
        json.WriteStartArray("offsets");
        foreach (var (start, end) in encoding.Offsets)
        {
            json.WriteStartArray();
            json.WriteNumberValue(start);
            json.WriteNumberValue(end);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
