using System.Text;
using Espalier.Cli.Reports;
using Spectre.Console;

namespace Espalier.Cli;

/// <summary>
/// Where a command reads and writes: the result goes to <see cref="Out"/> alone, everything else to <see cref="Error"/>.
/// </summary>
sealed record Terminal(Stream In, TextWriter Out, TextWriter Error)
{
    // Tables in files and pipes: wide enough that nothing is folded.
    const int FileWidth = 160;

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }
    public int Width { get; init; } = FileWidth;
    public Func<string, string?> Environment { get; init; } =
        System.Environment.GetEnvironmentVariable;
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>https://no-color.org: any value but the empty one.</summary>
    public bool HasColour =>
        OutIsTerminal
        && string.IsNullOrEmpty(Environment("NO_COLOR"))
        && Environment("TERM") != "dumb";

    /// <summary>The process's own streams, always UTF-8: what a program reads must not depend on the locale.</summary>
    public static Terminal OfProcess() =>
        new(
            StandardStreams.Input(),
            new StreamWriter(StandardStreams.Output(), Utf8, 1 << 16),
            new StreamWriter(StandardStreams.Error(), Utf8) { AutoFlush = true }
        )
        {
            OutIsTerminal = !System.Console.IsOutputRedirected,
            ErrorIsTerminal = !System.Console.IsErrorRedirected,
            Width = System.Console.IsOutputRedirected
                ? FileWidth
                : Math.Max(40, System.Console.WindowWidth),
        };

    /// <summary>Sentences for the user, one a line.</summary>
    public void Tell(string sentences)
    {
        foreach (string sentence in sentences.Split('\n'))
        {
            Error.WriteLine($"espalier: {Shown.Whole(sentence)}");
        }
    }

    /// <summary>A table with these headers on <see cref="Out"/>.</summary>
    public void Write(IEnumerable<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string header in headers)
        {
            table.AddColumn(
                new TableColumn(
                    new Spectre.Console.Text(header, new Style(decoration: Decoration.Bold))
                )
            );
        }

        Write(table, rows);
    }

    /// <summary>Names and values on <see cref="Out"/>.</summary>
    public void Write(IEnumerable<(string Name, string Value)> facts)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders();
        table.AddColumns("", "");
        Write(table, facts.Select(f => (IReadOnlyList<string>)[f.Name, f.Value]));
    }

    void Write(Table table, IEnumerable<IReadOnlyList<string>> rows)
    {
        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow(row.Select(cell => new Spectre.Console.Text(Shown.Whole(cell))));
        }

        Console().Write(table);
    }

    IAnsiConsole Console()
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = HasColour ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(Out),
                Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            }
        );
        console.Profile.Width = Width;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }
}
