using System.Xml.Linq;
using Espalier.Cli;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Cli.Reports.Pages;

public sealed class ReportCommandTests(ReportFixture report) : IClassFixture<ReportFixture>
{
    [Fact]
    public void The_command_tells_the_answer_and_which_files_it_wrote()
    {
        report.Outcome.Succeeds();
        Assert.StartsWith("On sentiment, ", report.Outcome.Lines[0]);
        string[] files = [.. report.Outcome.Lines.Where(l => l.StartsWith(report.Folder))];
        Assert.Equal(7, files.Length);
        Assert.All(files, f => Assert.True(File.Exists(f), f));
        Assert.Contains("DEP(heads=6)", report.Outcome.Out);
        Assert.Equal(
            ["curves.svg", "figure2.svg", "figure3.svg", "figure4.svg"],
            Directory
                .EnumerateFiles(report.Folder, "report-*.svg")
                .Select(f => Path.GetFileName(f)["report-".Length..])
                .Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(
            Directory.EnumerateFiles(report.Folder),
            f => Path.GetFileName(f).StartsWith(".espalier", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes()
    {
        string again = Path.Combine(report.Folder, "again", "report.html");
        CommandLine.Run("report", report.Folder, "--output", again).Succeeds();
        foreach (string name in (string[])["report.html", "report.csv", "report.md"])
        {
            Assert.Equal(
                File.ReadAllText(Path.Combine(report.Folder, name)),
                File.ReadAllText(Path.Combine(report.Folder, "again", name))
            );
        }
    }

    [Fact]
    public void The_table_beside_the_page_has_a_row_for_each_operating_point()
    {
        string[] lines = File.ReadAllLines(Path.Combine(report.Folder, "report.csv"));
        int measured = SyntheticStudy.Of(1).Count + 1;
        Assert.Equal(measured, lines.Count(l => l.Contains(",measured,\"accuracy\"")));
        Assert.True(lines.Length > measured + 1, "there are predicted rows");
        Assert.StartsWith("task,pipeline,effort,origin,metric,quality", lines[0]);
        string markdown = File.ReadAllText(Path.Combine(report.Folder, "report.md"));
        Assert.Contains("On sentiment, ", markdown);
        Assert.Contains("### Which pipeline wins by an objective?", markdown);
        Assert.Contains("| exponent of P | pipeline | effort |", markdown);
        Assert.Contains("| DELQ | confidence:0.6 |", markdown);
    }

    [Fact]
    public void Pictures_are_well_formed_and_bring_their_style()
    {
        foreach (string file in Directory.EnumerateFiles(report.Folder, "*.svg"))
        {
            XElement svg = XDocument.Load(file).Root!;
            Assert.Equal("{http://www.w3.org/2000/svg}svg", svg.Name.ToString());
            Assert.NotEmpty(svg.Descendants("{http://www.w3.org/2000/svg}style"));
            Assert.NotEmpty(svg.Descendants("{http://www.w3.org/2000/svg}line"));
        }
    }

    [Fact]
    public void Names_of_files_cannot_become_markup()
    {
        string page = File.ReadAllText(report.Page);
        Assert.DoesNotContain("<script>document.title", page);
        Assert.DoesNotContain("<img", page);
        Assert.Contains("&lt;/script&gt;", page);
    }

    [Theory]
    [InlineData("[]", "holds no measurement")]
    [InlineData("[{\"version\":9}]", "[0]")]
    [InlineData("{\"stages\":1}", "'stages'")]
    [InlineData("[", "not valid JSON")]
    public void What_is_no_measurement_is_refused_and_nothing_is_written(string json, string says)
    {
        using TemporaryFolder folder = new();
        folder.Write("measurements.json", json);
        CommandLine.Run("report", folder.Path).Refuses(ExitCode.Refused, says);
        Assert.Equal(["measurements.json"], folder.Names());
    }

    [Fact]
    public void A_folder_without_results_and_a_name_that_is_no_page_are_refused()
    {
        using TemporaryFolder folder = new();
        CommandLine.Run("report", folder.Path).Refuses(ExitCode.Refused, "measurements.json");
        CommandLine.Run("report", folder["none"]).Refuses(ExitCode.Refused, "no such file");
        CommandLine
            .Run("report", folder.Path, "--output", folder["a.pdf"])
            .Refuses(ExitCode.Usage, "ends in .html");
    }

    [Fact]
    public void Two_tasks_stand_one_behind_the_other_on_one_page()
    {
        using TemporaryFolder folder = new();
        folder.Write(
            "measurements.json",
            SyntheticStudy.Json([.. SyntheticStudy.Of(2), .. SyntheticStudy.Of(2, task: "mrpc")])
        );
        CommandLine.Run("report", folder.Path).Succeeds();
        string page = File.ReadAllText(folder["report.html"]);
        Assert.Contains(">sentiment</h2>", page);
        Assert.Contains(">mrpc</h2>", page);
        Assert.Contains("id=\"filter-task\"", page);
        Assert.True(File.Exists(folder["report-2-curves.svg"]));
    }

    [Fact]
    public void Curves_and_answers_beside_the_measurements_enter_the_report()
    {
        using TemporaryFolder folder = new();
        IReadOnlyList<Measurement> study = SyntheticStudy.Of();
        folder.Write("measurements.json", SyntheticStudy.Json(study));
        CommandLine.Run("report", folder.Path).Succeeds();
        string without = File.ReadAllText(folder["report.html"]);
        Assert.Contains("answers to single examples were not kept", without);
        Assert.DoesNotContain("Guessing the largest class", without);
        Assert.Contains("Thresholds leave steps", without);

        folder.Write("curves.json", SyntheticStudy.Curves(study));
        foreach (StoredAnswers answers in SyntheticStudy.Answers(study))
        {
            folder.Write($"answers-{answers.Task}-{answers.Seeds[0]}.json.gz", answers.ToFile());
        }

        CommandLine.Run("report", folder.Path).Succeeds();
        string with = File.ReadAllText(folder["report.html"]);
        Assert.Contains("the answers to each example", with);
        Assert.Contains("Guessing the largest class would give 90.0 %", with);
        Assert.Contains("over seeds and examples", with);
        Assert.DoesNotContain("Thresholds leave steps", with);
        Assert.Equal(Rows(without), Rows(with));

        // Efforts that were judged and not timed have no place among operating points.
        static int Rows(string page) => page.Split("<tr data-pipeline=").Length;
    }

    [Fact]
    public void Damaged_answers_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        folder.Write("measurements.json", SyntheticStudy.Json(SyntheticStudy.Of(2)));
        folder.Write("answers-sentiment-1.json.gz", "no gzip");
        CommandLine
            .Run("report", folder.Path)
            .Refuses(ExitCode.Refused, "answers-sentiment-1.json.gz");
    }

    [Fact]
    public void Orders_that_share_no_original_are_left_out_of_the_drawings()
    {
        using TemporaryFolder folder = new();
        IEnumerable<Measurement> apart = SyntheticStudy
            .Of(2)
            .Where(m => m.Pipeline != "DE" || m.Seeds[0] == 1)
            .Where(m => m.Pipeline != "ED" || m.Seeds[0] == 2);
        folder.Write("measurements.json", SyntheticStudy.Json([.. apart]));
        CommandLine.Run("report", folder.Path).Succeeds();
        Assert.Contains("EP", File.ReadAllText(folder["report.html"]));
    }

    [Theory]
    [InlineData(1e12)]
    [InlineData(1e9)]
    public void An_average_of_layers_beyond_every_model_ends_no_report(double layers)
    {
        using TemporaryFolder folder = new();
        Measurement[] study =
        [
            .. SyntheticStudy
                .Of(2)
                .Select(m =>
                    m.Pipeline is "DE" or "ED" && m.Effort == Effort.Full
                        ? m with
                        {
                            AverageLayers = layers,
                        }
                        : m
                ),
        ];
        folder.Write("measurements.json", SyntheticStudy.Json(study));
        CommandLine.Run("report", folder.Path).Succeeds();
    }
}
