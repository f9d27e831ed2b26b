using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;
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
        await Assertions
            .Expect(open.Page.Locator(".panels .note").First)
            .ToContainTextAsync("toy, seed", Patient);
        await Assertions.Expect(head).ToContainTextAsync("being made", Patient);
        await Picture(open, "watch-running-360-dark.png");
        looked.Set();
        await run;
        await Assertions.Expect(head).ToContainTextAsync("The study has ended", Patient);
        Assert.Contains("8/8", await open.Page.TitleAsync());
        Assert.True(await open.Page.EvaluateAsync<bool>("window.same"));
        Assert.Empty(open.Complaints);
        int wide = await open.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= 360, $"the page is {wide} wide");
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
        await Assertions.Expect(silent).ToBeVisibleAsync(new() { Timeout = 60000 });
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

    static LocatorAssertionsToContainTextOptions Patient { get; } = new() { Timeout = 60000 };

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
