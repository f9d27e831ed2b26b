using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Espalier.Cli.Reports;

namespace Espalier.Cli.Parsing;

/// <summary>Help that begins with lines to copy.</summary>
sealed class HelpWithExamples(HelpAction rest, int width) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        InvocationConfiguration configuration = parseResult.InvocationConfiguration;
        TextWriter output = configuration.Output;
        Command command = parseResult.CommandResult.Command;
        output.WriteLine("Examples:");
        foreach (string example in ExamplesOf(command))
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        output.Write(Rest(parseResult, configuration));
        output.WriteLine("Exit codes:");
        foreach (var (code, meaning) in ExitCode.All)
        {
            foreach (string line in Words.Wrap($"  {code, -5}{meaning}", width, "     "))
            {
                output.WriteLine(line);
            }
        }

        return ExitCode.Ok;
    }

    /// <summary>The library calls the program by its file's name, and users call it espalier.</summary>
    string Rest(ParseResult parseResult, InvocationConfiguration configuration)
    {
        TextWriter output = configuration.Output;
        using StringWriter text = new();
        configuration.Output = text;
        rest.MaxWidth = width;
        rest.Invoke(parseResult);
        configuration.Output = output;
        return text.ToString().Replace($"  {RootCommand.ExecutableName} ", "  espalier ");
    }

    static IEnumerable<string> ExamplesOf(Command command) =>
        command is EspalierCommand one
            ? one.Examples
            : command.Subcommands.OfType<EspalierCommand>().Select(c => c.Examples[0]);
}
