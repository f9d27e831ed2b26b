using Espalier.Runs.Studies;
using Espalier.Runs.Watching;
using Espalier.Tests.Runs.Studies;
using Espalier.Training;
using Microsoft.Playwright;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>The page over a live store, in a real browser.</summary>
public sealed class WatchPageTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Theory]
    [InlineData(1280, false)]
    [InlineData(360, true)]
    [InlineData(360, false)]
    public async Task An_ended_study_opens_without_a_complaint_or_a_sideways_scrollbar(
        int width,
        bool isDark
    )
    {
        _toy.Run(_toy.Open(_toy.Write("""["DELQ","P(heads=1,ffn=0.5)L"]""")));
        await using Watching watching = await Watching.Start(_toy["store"]);
        await using OpenPage open = await browser.OpenAt(watching.Address, width, isDark: isDark);
        Assert.Empty(open.Complaints);
        int wide = await open.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= width, $"the page is {wide} wide in a window of {width}");
        Assert.Contains("The study has ended", await open.Page.InnerTextAsync("h1"));
        Assert.Equal(14, await open.Page.Locator(".standing.done[title]").CountAsync());
        ILocator chart = open.Page.Locator("#measured .chart:visible");
        Assert.Equal(1, await chart.CountAsync());
        Assert.True(await open.Page.Locator("#measured tbody tr").CountAsync() >= 3);
        await Picture(open, $"watch-ended-{width}{(isDark ? "-dark" : "")}.png");
    }

    [Fact]
    public async Task A_study_is_seen_to_run_and_to_end_without_a_reload()
    {
        Study study = _toy.Open(_toy.Write("""["DE","P"]"""));
        await using Watching watching = await Watching.Start(_toy["store"]);
        await using OpenPage open = await browser.OpenAt(watching.Address, 360, isDark: true);
        Assert.Contains("No study was begun", await open.Page.InnerTextAsync("h1"));
        await open.Page.EvaluateAsync("window.same = true");
        using ManualResetEventSlim looked = new();
        int reports = 0;
        StudyListener listener = new()
        {
            Training = (stage, p) =>
            {
                if ($"{stage.Pipeline}" == "DE" && p.Step * 2 > p.Steps || ++reports > 200)
                {
                    looked.Wait(CancellationToken.None);
                }
            },
        };
        Task<StudyOutcome> run = Task.Run(
            () => _toy.Run(study, listener),
            TestContext.Current.CancellationToken
        );
        ILocator head = open.Page.Locator("h1");
        try
        {
            await Assertions
                .Expect(open.Page.Locator(".panels .note").First)
                .ToContainTextAsync("toy, seed", Patient);
            await Assertions.Expect(head).ToContainTextAsync("being made", Patient);
            await Picture(open, "watch-running-360-dark.png");
        }
        finally
        {
            looked.Set();
            await Task.WhenAny(run);
        }

        await run;
        await Assertions.Expect(head).ToContainTextAsync("The study has ended", Patient);
        Assert.Contains("8/8", await open.Page.TitleAsync());
        Assert.True(await open.Page.EvaluateAsync<bool>("window.same"));
        Assert.Empty(open.Complaints);
        int wide = await open.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= 360, $"the page is {wide} wide");
    }

    [Fact]
    public async Task A_training_is_drawn_with_its_loss_as_it_comes()
    {
        Study study = _toy.Open(_toy.Write("""["D"]""", "[1]"));
        _toy.Run(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        study.Record();
        using StageDiary diary = new(study.Store, study.Plan.Stages[1], TimeProvider.System);
        for (int step = 10; step <= 700; step += 10)
        {
            double loss = 0.7 * Math.Exp(-step / 300.0) + 0.05 * Math.Cos(step);
            diary.Add(new TrainingProgress(step, 1000, loss, 123.4, TimeSpan.FromSeconds(754)));
        }

        await using Watching watching = await Watching.Start(_toy["store"]);
        await using OpenPage open = await browser.OpenAt(watching.Address, 360);
        ILocator panel = open.Page.Locator("#now .panels > div");
        await Assertions.Expect(panel).ToContainTextAsync("Step 700 of 1000", Patient);
        await Assertions.Expect(panel).ToContainTextAsync("12 min 34 s left", Patient);
        Assert.Contains("1 is being made", await open.Page.InnerTextAsync("h1"));
        string? line = await panel.Locator(".chart .line").GetAttributeAsync("d");
        Assert.Equal(70, line!.Split('L').Length);
        Assert.Empty(open.Complaints);
        await Picture(open, "watch-loss-360.png");
    }

    [Fact]
    public async Task Whoever_does_not_answer_any_more_is_told_as_such_and_what_was_heard_stays()
    {
        _toy.Run(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        await using Watching watching = await Watching.Start(_toy["store"]);
        await using OpenPage open = await browser.OpenAt(watching.Address);
        ILocator silent = open.Page.Locator(".silent");
        Assert.True(await silent.IsHiddenAsync());
        await watching.End();
        await Assertions.Expect(silent).ToBeVisibleAsync(new() { Timeout = Browser.Patience });
        Assert.Equal(2, await open.Page.Locator(".standing.done[title]").CountAsync());
    }

    [Fact]
    public async Task Without_a_script_it_is_right_when_it_was_opened()
    {
        _toy.Run(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        await using Watching watching = await Watching.Start(_toy["store"]);
        await using OpenPage open = await browser.OpenAt(watching.Address, hasScript: false);
        Assert.Equal(2, await open.Page.Locator(".standing.done[title]").CountAsync());
    }

    static LocatorAssertionsToContainTextOptions Patient { get; } =
        new() { Timeout = Browser.Patience };

    /// <summary>For whoever wants to look at it.</summary>
    static async Task Picture(OpenPage open, string name)
    {
        if (Environment.GetEnvironmentVariable("ESPALIER_PICTURES") is { } folder)
        {
            await open.Page.ScreenshotAsync(
                new PageScreenshotOptions { Path = Path.Combine(folder, name), FullPage = true }
            );
        }
    }
}
