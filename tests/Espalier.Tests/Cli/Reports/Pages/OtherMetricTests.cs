using System.Globalization;
using System.Text.Json;
using Espalier.Cli;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tests.Checkpoints;
using Microsoft.Playwright;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>
/// Studies whose quality is no share: perplexity, which comes down from infinity and ends at 1, and Spearman's correlation of
/// STS-B, which may be negative. Reports, orders, cumulation, choosing and planning of them.
/// </summary>
public sealed class OtherMetricTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>A share of right answers of 1 is a perplexity of 1; O has about e^(0.09 · slope).</summary>
    static IReadOnlyList<Measurement> Perplexities(double slope, double shift = 0) =>
        Of("wikitext", "perplexity", q => Math.Exp(slope * (1 - Math.Min(1, q + shift))));

    /// <summary>O has about 0.24, and what leaves at the first exit less than nothing.</summary>
    static IReadOnlyList<Measurement> Correlations { get; } =
        Of("stsb", "spearman", q => 6 * (q - 0.87));

    static IReadOnlyList<Measurement> Of(string task, string metric, Func<double, double> of) =>
        [
            .. SyntheticStudy
                .Of(task: task)
                .Select(m =>
                    m with
                    {
                        Metrics =
                        [
                            new Quality(metric, of(m.Primary.Value!.Value), null, null, 600, null),
                        ],
                    }
                ),
        ];

    [Fact]
    public void A_report_of_perplexity_calls_less_better_on_all_its_pages()
    {
        using TemporaryFolder folder = Reported(Perplexities(40), out Outcome outcome);
        string page = File.ReadAllText(folder["report.html"]),
            markdown = File.ReadAllText(folder["report.md"]);
        Row[] rows = Rows(folder),
            measured = [.. rows.Where(r => r.Origin == "measured")];
        Assert.All(rows, r => Assert.Equal("perplexity", r.Metric));
        Assert.True(rows.Max(r => r.Quality) > 1000, "nothing is cut");
        Row o = measured.Single(r => r.Pipeline == "O");
        Assert.InRange(o.Quality, 20, 60);

        // A mean on the scale of the metric lies in an interval that is even there.
        Assert.Equal(o.Quality / o.Low!.Value, o.High!.Value / o.Quality, 1e-9);
        Assert.All(
            measured.Where(r => r.IsFront),
            front =>
                Assert.DoesNotContain(measured, r => r.Ms < front.Ms && r.Quality < front.Quality)
        );
        Assert.Contains(measured, r => r.IsFront && r.Pipeline == "L");
        Assert.Contains(measured, r => !r.IsFront && r.Pipeline == "P(heads=6)E");
        foreach (string text in (string[])[page, markdown, outcome.Out])
        {
            Assert.DoesNotContain("perplexity %", text);
            Assert.DoesNotContain("points of perplexity", text);
            Assert.DoesNotContain("NaN", text);
        }

        // EP is made better than PE by four hundredths of the share.
        string orders = markdown
            .Split('\n')
            .First(l => l.StartsWith("* E+P", StringComparison.Ordinal));
        Assert.Contains("EP(heads=6) is", orders);
        Assert.Contains("% below P(heads=6)E", orders);
        Assert.Contains("P is perplexity, the pipeline’s divided by O’s", markdown);
        Assert.Contains("Perplexity against energy", page);
        Assert.DoesNotContain(" test examples", page);
        Assert.Contains("perplexity, logarithmic", page);
        Assert.Contains("<span>At most</span><input type=\"range\" id=\"quality-0\"", page);
        Assert.Contains("a difference above 0 is for the better, which is less", page);
        Assert.Contains("% of perplexity on average", page);
        Assert.Contains(rows, r => r.Origin == "predicted");
        foreach (string svg in Directory.EnumerateFiles(folder.Path, "*.svg"))
        {
            Assert.DoesNotContain("NaN", File.ReadAllText(svg));
        }
    }

    [Fact]
    public void The_headline_takes_the_fastest_that_is_hardly_more_perplexed()
    {
        using TemporaryFolder folder = Reported(Perplexities(0.5), out Outcome outcome);
        Assert.Contains("loses at most 2 % against O", File.ReadAllText(folder["report.html"]));
        Assert.StartsWith("On wikitext, DELQ writes a token in", outcome.Lines[0]);
        Assert.Contains(" % more perplexity (1.0", outcome.Lines[0]);
    }

    [Fact]
    public void Nothing_is_printed_beyond_the_bounds_of_a_metric()
    {
        using TemporaryFolder near = Reported(Perplexities(0.8, shift: 0.085), out _);
        Row[] rows = Rows(near);
        Assert.All(rows, r => Assert.InRange(r.Low ?? 1, 1, r.Quality));
        Assert.Contains(rows, r => r.Origin == "measured" && r.Low == 1);

        using TemporaryFolder ends = Reported(
            Of("stsb", "spearman", q => Math.Clamp(8 * (q - 0.79), -1, 1)),
            out _
        );
        rows = Rows(ends);
        Assert.All(rows, r => Assert.InRange(r.High ?? 1, r.Quality, 1));
        Assert.Contains(rows, r => r.High == 1 && r.Quality < 1);
    }

    [Fact]
    public void A_correlation_below_0_is_a_quality_like_any_other()
    {
        using TemporaryFolder folder = Reported(Correlations, out Outcome outcome);
        Row[] rows = Rows(folder);
        Assert.Contains(rows, r => r.Origin == "measured" && r.Quality < -0.1 && r.Low < r.Quality);
        Assert.Contains(rows, r => r.Origin == "predicted" && r.Quality < 0);
        Assert.All(rows, r => Assert.InRange(r.Quality, -1, 1));
        string page = File.ReadAllText(folder["report.html"]),
            markdown = File.ReadAllText(folder["report.md"]);
        foreach (string text in (string[])[page, markdown, outcome.Out])
        {
            Assert.DoesNotContain("spearman %", text);
            Assert.DoesNotContain("points of spearman", text);
            Assert.DoesNotContain("NaN", text);
        }

        Assert.Matches("DEP\\(heads=6\\) \\| [^|]+ \\| −?0\\.\\d+ ", markdown);
        Assert.Contains("units of spearman", page);

        // What operators do to it adds: O 0.24, with D 0.07 and with L nothing less.
        Row dl = rows.Single(r => r.Pipeline == "DQ"),
            o = rows.Single(r => r.Pipeline == "O"),
            d = rows.Single(r => r.Pipeline == "D"),
            q = rows.Single(r => r.Pipeline == "Q");
        Assert.Equal("predicted", dl.Origin);
        Assert.Equal(d.Quality + q.Quality - o.Quality, dl.Quality, 0.02);
        Assert.True(dl.High > dl.Quality, "a prediction has an interval");
    }

    [Fact]
    public void A_plan_for_perplexity_takes_the_least_and_its_bar_is_the_most()
    {
        using TemporaryFolder folder = new();
        IReadOnlyList<Measurement> study = Perplexities(40);
        folder.Write("measurements.json", SyntheticStudy.Json(study));
        string[] replay = ["plan", "--replay", folder["measurements.json"], "--seeds", "1,2,3,4"];
        Outcome told = CommandLine.Run([.. replay, "--max-ms", "6"]).Succeeds();
        Assert.Contains("of what fits the lowest perplexity", told.Out);
        JsonElement answer = CommandLine
            .Run([.. replay, "--max-ms", "6", "--json"])
            .Succeeds()
            .Json;
        double chosen = answer
            .GetProperty("answer")
            .GetProperty("quality")
            .GetProperty("value")
            .GetDouble();
        Assert.True(
            answer.GetProperty("best_of_all").GetProperty("answer_is_short_by").GetDouble() < 0.05
        );
        Assert.True(
            chosen < study.Where(m => m.Pipeline == "DL").Average(m => m.Primary.Value!.Value),
            $"{chosen}"
        );

        told = CommandLine.Run([.. replay, "--min-accuracy", "80"]).Succeeds();
        Assert.Contains("perplexity at most 80; of what fits the least time", told.Out);
        answer = CommandLine.Run([.. replay, "--max-perplexity", "80", "--json"]).Succeeds().Json;
        Assert.InRange(
            answer.GetProperty("answer").GetProperty("quality").GetProperty("value").GetDouble(),
            1,
            80
        );
        Outcome none = CommandLine.Run([.. replay, "--min-accuracy", "2"]);
        Assert.Equal(ExitCode.OverBudget, none.Code);
        Assert.Contains("is above 2", none.Out);
        Assert.Contains("--max-perplexity", none.Out);
        CommandLine
            .Run([.. replay, "--min-accuracy", "0.5"])
            .Refuses(ExitCode.Usage, "perplexity is 1 or more");
        CommandLine
            .Run([.. replay, "--min-accuracy", "80", "--max-perplexity", "80"])
            .Refuses(ExitCode.Usage, "are one bar");
        CommandLine
            .Run("plan", "--max-perplexity", "80")
            .Refuses(ExitCode.Usage, "this task is measured by accuracy");
    }

    [Fact]
    public async Task The_sliders_know_that_less_is_better()
    {
        using TemporaryFolder folder = Reported(Perplexities(40), out _);
        await using OpenPage open = await browser.Open(folder["report.html"]);
        Assert.Empty(open.Complaints);
        ILocator fit = open.Page.Locator(".fit");
        await open.Page.CheckAsync("input[value=good]");
        double least = Rows(folder).Min(r => r.Quality);
        Assert.Contains($"{Printed.Short(least)}", await fit.InnerTextAsync());
        await open
            .Page.Locator("#quality-0")
            .EvaluateAsync(
                "s => { s.value = s.min; s.dispatchEvent(new Event('input', { bubbles: true })); }"
            );
        Assert.StartsWith("Nothing fits", await fit.InnerTextAsync());
        await open
            .Page.Locator("#quality-0")
            .EvaluateAsync(
                "s => { s.value = s.max; s.dispatchEvent(new Event('input', { bubbles: true })); }"
            );
        Assert.DoesNotContain("Nothing fits", await fit.InnerTextAsync());

        // Better is up: the least lies above the most.
        await open.Page.FocusAsync(".tradeoff");
        await open.Page.Keyboard.PressAsync("ArrowRight");
        Assert.Contains(
            " perplexity, ",
            await open.Page.Locator(".tradeoff .tip").First.InnerTextAsync()
        );

        // The same point against energy, with its own unit.
        await open.Page.FocusAsync(".tradeoff[data-cost=mj]");
        await open.Page.Keyboard.PressAsync("ArrowRight");
        string tip = await open.Page.Locator(".tradeoff[data-cost=mj] .tip").InnerTextAsync();
        Assert.Contains(" ms per token, ", tip);
        Assert.Contains(" mJ per token (modelled)", tip);
        Assert.Contains(" windows", tip);
        Assert.Empty(open.Complaints);
    }

    static TemporaryFolder Reported(IReadOnlyList<Measurement> study, out Outcome outcome)
    {
        TemporaryFolder folder = new();
        folder.Write("measurements.json", SyntheticStudy.Json(study));
        outcome = CommandLine.Run("report", folder.Path).Succeeds();
        return folder;
    }

    sealed record Row(
        string Pipeline,
        string Origin,
        string Metric,
        double Quality,
        double? Low,
        double? High,
        double Ms,
        bool IsFront
    );

    /// <summary>Of report.csv; no field of these studies holds a comma.</summary>
    static Row[] Rows(TemporaryFolder folder)
    {
        string[] lines = File.ReadAllLines(folder["report.csv"]);
        string[] names = lines[0].Split(',');
        return
        [
            .. lines
                .Skip(1)
                .Select(l => l.Split(','))
                .Select(f =>
                {
                    string At(string name) => f[Array.IndexOf(names, name)].Trim('"');
                    double? Number(string name) =>
                        At(name) is { Length: > 0 } text
                            ? double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)
                            : null;
                    return new Row(
                        At("pipeline"),
                        At("origin"),
                        At("metric"),
                        Number("quality")!.Value,
                        Number("quality_low"),
                        Number("quality_high"),
                        Number(
                            names.Contains("ms_per_token") ? "ms_per_token" : "ms_per_example"
                        )!.Value,
                        At("on_front") == "1"
                    );
                }),
        ];
    }
}
