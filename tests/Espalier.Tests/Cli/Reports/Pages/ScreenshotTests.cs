using Microsoft.Playwright;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>
/// The pictures in docs/, of the report that ESPALIER_REPORT names (without it: of the synthetic study). Run by hand:
/// <c>ESPALIER_REPORT=studies/…/report.html dotnet test --explicit only --filter-class "*ScreenshotTests"</c>.
/// </summary>
public sealed class ScreenshotTests(Browser browser, ReportFixture report)
    : IClassFixture<Browser>,
        IClassFixture<ReportFixture>
{
    [Fact(Explicit = true)]
    public async Task The_pictures_of_the_documentation()
    {
        string file = Environment.GetEnvironmentVariable("ESPALIER_REPORT") ?? report.Page;
        string docs =
            Environment.GetEnvironmentVariable("ESPALIER_PICTURES") ?? House.Checkout.Full("docs");
        await using OpenPage wide = await browser.Open(file, 1280, 1000);
        await wide.Page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(docs, "report-desktop.png") }
        );
        await using OpenPage narrow = await browser.Open(file, 390, 844, isDark: true);
        await narrow.Page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(docs, "report-phone.png") }
        );
        Assert.Empty(wide.Complaints);
    }
}
