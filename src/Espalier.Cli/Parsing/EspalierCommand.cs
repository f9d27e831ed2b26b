using System.CommandLine;

namespace Espalier.Cli.Parsing;

/// <summary>
/// One verb. <see cref="Check"/> finds all that is wrong with the line while nothing has been done yet, also where the
/// parser found problems already; <see cref="Run"/> is called only for a line without any.
/// </summary>
abstract class EspalierCommand(string name, string description) : Command(name, description)
{
    protected void AddAll(params IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            Add(option);
        }
    }

    /// <summary>Command lines that do something useful, the most common first.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    public abstract void Check(ParseResult parse, Terminal terminal, Problems problems);

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public abstract int Run(ParseResult parse, Terminal terminal, CancellationToken stop);
}
