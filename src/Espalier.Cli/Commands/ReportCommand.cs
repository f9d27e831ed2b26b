using System.CommandLine;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports.Pages;

namespace Espalier.Cli.Commands;

/// <summary>Draws a study: one HTML file, and beside it the numbers as CSV and Markdown and the figures as SVG.</summary>
sealed class ReportCommand : EspalierCommand
{
    readonly Argument<string> _input = new("FOLDER")
    {
        Description =
            "Output of 'espalier study' or 'espalier run', a folder of such outputs, or measurements.json itself; or a CSV of what others measured, with the columns of report.csv.",
    };
    readonly Option<string?> _output = OptionValues.Text(
        "--output",
        "file",
        "The page; the other files get its name with another ending. Without it: report.html beside the input.",
        "-o"
    );

    public ReportCommand()
        : base("report", "Draw a study or runs as one HTML page, with CSV, Markdown and SVG.")
    {
        Add(_input);
        Add(_output);
    }

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier report runs/mrpc", "espalier report runs/DEPLQ --output deplq.html"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(_input) is not { } input)
        {
            return;
        }

        if (!Path.Exists(input))
        {
            problems.Refuse($"{input}: there is no such file or folder; check the path.");
            return;
        }

        string output = Output(parse);
        problems.NeedWritable("--output", output);
        if (Path.GetExtension(output) != ".html")
        {
            problems.Usage($"--output is {output}; a name that ends in .html was expected.");
        }
        else if (
            Path.GetFullPath(Path.ChangeExtension(output, PublishedTable.Ending))
            == Path.GetFullPath(input)
        )
        {
            problems.Usage(
                $"{input} would be written over by the table beside the page; give --output another name."
            );
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        ReportInput results = ReportInput.Read(parse.GetValue(_input)!);
        IReadOnlyList<StudySection> sections = results.Analysed();
        IReadOnlyList<string> files = ReportFiles.Write(Output(parse), results, sections, stop);
        foreach (Findings findings in sections.Select(s => s.Findings))
        {
            terminal.Say(Reports.Shown.Whole(Headline.Of(findings)));
            terminal.Say(Reports.Shown.Whole(Headline.Evidence(findings)));
            ResultTables.Of(findings).Write(terminal);
        }

        foreach (string file in files)
        {
            terminal.Out.WriteLine(Reports.Shown.Whole(file));
        }

        return ExitCode.Ok;
    }

    string Output(ParseResult parse)
    {
        string input = parse.ValueOf(_input) ?? ".";
        return parse.ValueOf(_output)
            ?? Path.Combine(
                Directory.Exists(input) ? input : Path.GetDirectoryName(input) ?? ".",
                "report.html"
            );
    }
}
