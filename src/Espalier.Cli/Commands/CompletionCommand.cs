using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;

namespace Espalier.Cli.Commands;

/// <summary>Prints what makes a shell complete our commands, options and their values.</summary>
sealed class CompletionCommand : EspalierCommand
{
    readonly Argument<string> _shell = new Argument<string>("SHELL")
    {
        Description = $"{string.Join(", ", CompletionScript.Shells)}.",
    }.Among(CompletionScript.Shells);

    public CompletionCommand()
        : base(
            "completion",
            "Print a script for your shell that completes commands and options."
        ) => Add(_shell);

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier completion bash", "espalier completion fish"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(_shell) is { } shell && !CompletionScript.Shells.Contains(shell))
        {
            problems.Usage(OptionValues.NoneOf("SHELL", shell, CompletionScript.Shells));
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        terminal.Out.Write(CompletionScript.For(parse.GetValue(_shell)!, Program.Root()));
        return ExitCode.Ok;
    }
}
