using System.Globalization;
using System.Text;
using Espalier.Cli.Reports;
using Espalier.Hub;
using Spectre.Console;

namespace Espalier.Cli;

/// <summary>
/// Where a command reads and writes: the result goes to <see cref="Out"/> alone, everything else to <see cref="Error"/>.
/// </summary>
sealed record Terminal(Stream In, TextWriter Out, TextWriter Error)
{
    // Tables in files and pipes: wide enough that nothing is folded.
    const int FileWidth = 160;
    const int Narrowest = 40;
    const int Widest = 10_000;

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of tables and plots on <see cref="Out"/>.</summary>
    public int Width { get; init; } = FileWidth;

    /// <summary>Where sentences on <see cref="Out"/> are wrapped; in a file each stays one line, so that it can be searched.</summary>
    public int TextWidth { get; init; } = int.MaxValue;

    /// <summary>Columns of the terminal behind <see cref="Error"/>.</summary>
    public int ErrorWidth { get; init; } = int.MaxValue;
    public Func<string, string?> Environment { get; init; } =
        System.Environment.GetEnvironmentVariable;
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Asked for by Ctrl-C: also the checks of a line may take long, where they download.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>The hub as the environment says, with its progress on <see cref="Error"/>.</summary>
    public HubClient Hub()
    {
        ProgressLine line = new(this);
        return new HubClient(
            Environment,
            progress =>
            {
                line.Report(
                    Shown.Whole(progress.What),
                    (double)progress.Done / progress.Total,
                    $"{progress.Done / 1e6:0.0} of {progress.Total / 1e6:0.0} MB"
                );
                if (progress.Done == progress.Total)
                {
                    line.Clear();
                }
            },
            sentence =>
            {
                line.Clear();
                Tell(sentence);
            },
            Stop
        );
    }

    /// <summary>https://no-color.org: any value but the empty one.</summary>
    public bool HasColour =>
        OutIsTerminal
        && string.IsNullOrEmpty(Environment("NO_COLOR"))
        && Environment("TERM") != "dumb";

    /// <summary>The process's own streams, always UTF-8: what a program reads must not depend on the locale.</summary>
    public static Terminal OfProcess()
    {
        bool file = System.Console.IsOutputRedirected,
            errorFile = System.Console.IsErrorRedirected;
        int? asked = Columns(System.Environment.GetEnvironmentVariable("COLUMNS"));
        int real = file && errorFile ? FileWidth : Math.Max(Narrowest, WindowWidth());
        return new(
            StandardStreams.Input(),
            new StreamWriter(StandardStreams.Output(), Utf8, 1 << 16),
            // A server's threads tell what each has to tell.
            TextWriter.Synchronized(
                new StreamWriter(StandardStreams.Error(), Utf8) { AutoFlush = true }
            )
        )
        {
            OutIsTerminal = !file,
            ErrorIsTerminal = !errorFile,
            Width = asked ?? (file ? FileWidth : real),
            TextWidth = asked ?? (file ? int.MaxValue : real),
            ErrorWidth = errorFile ? int.MaxValue : asked ?? real,
        };
    }

    /// <summary>What COLUMNS says, as other tools obey it; null where that is no width.</summary>
    internal static int? Columns(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int columns)
        && columns is >= 1 and <= Widest
            ? Math.Max(Narrowest, columns)
            : null;

    /// <summary>Sentences for the user, one a line; a terminal's are wrapped.</summary>
    public void Tell(string sentences)
    {
        foreach (string sentence in sentences.Split('\n'))
        {
            foreach (
                string line in Words.Wrap($"espalier: {Shown.Whole(sentence)}", ErrorWidth, "  ")
            )
            {
                Error.WriteLine(line);
            }
        }
    }

    /// <inheritdoc cref="Tell(string)"/>
    public void Tell(IEnumerable<string> sentences)
    {
        foreach (string sentence in sentences)
        {
            Tell(sentence);
        }
    }

    /// <summary>Sentences of a result, one a line; a terminal's are wrapped.</summary>
    public void Say(IEnumerable<string> sentences)
    {
        foreach (string sentence in sentences)
        {
            Say(sentence);
        }
    }

    /// <inheritdoc cref="Say(IEnumerable{string})"/>
    public void Say(string sentence)
    {
        foreach (string line in Words.Wrap(sentence, TextWidth))
        {
            Out.WriteLine(line);
        }
    }

    /// <summary>
    /// A table with these headers on <see cref="Out"/>, wrapped at words. Where it is too narrow for that, each row is a
    /// paragraph of names and values.
    /// </summary>
    public void Write(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> shown = [.. rows.Select(r => r.Select(Shown.Whole).ToArray())];

        // A space on both sides of each cell, one between cells, and one at both ends.
        if (TableLayout.Widths(headers, shown, Width - 3 * headers.Count - 1) is not { } widths)
        {
            foreach (IReadOnlyList<string> row in shown)
            {
                Write(headers.Zip(row).Where(cell => cell.Second.Length > 0));
                Out.WriteLine();
            }

            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < headers.Count; i++)
        {
            table.AddColumn(
                new TableColumn(
                    new Spectre.Console.Text(
                        Wrapped(headers[i], widths[i]),
                        new Style(decoration: Decoration.Bold)
                    )
                ).Width(widths[i])
            );
        }

        foreach (IReadOnlyList<string> row in shown)
        {
            table.AddRow(
                row.Select((cell, i) => new Spectre.Console.Text(Wrapped(cell, widths[i])))
            );
        }

        Console().Write(table);
    }

    /// <summary>Names and values on <see cref="Out"/>.</summary>
    public void Write(IEnumerable<(string Name, string Value)> facts)
    {
        (string Name, string Value)[] all =
        [
            .. facts.Select(f => (f.Name, Value: Shown.Whole(f.Value))),
        ];
        int names = all.Select(f => Words.Width(f.Name)).DefaultIfEmpty().Max();
        foreach (var (name, value) in all)
        {
            string gap = new(' ', names - Words.Width(name));
            IReadOnlyList<string> lines = Words.Wrap(value, Width - names - 2);
            Out.WriteLine($"{name}{gap}  {lines[0]}".TrimEnd());
            foreach (string line in lines.Skip(1))
            {
                Out.WriteLine($"{new string(' ', names)}  {line}");
            }
        }
    }

    static int WindowWidth()
    {
        try
        {
            return System.Console.WindowWidth;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    static string Wrapped(string text, int width) => string.Join('\n', Words.Wrap(text, width));

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
