using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>
/// The installed Chromium, without a window, and the pages that tests open in it. On a developer's machine without it
/// the tests are skipped; where CI is set they fail.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Milliseconds that a page may take for anything while other tests have the machine.</summary>
    public const float Patience = 300_000;

    static readonly string[] Places =
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];

    IPlaywright? _playwright;
    IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        string? program = Places.FirstOrDefault(File.Exists);
        if (program is null)
        {
            Assert.True(
                Environment.GetEnvironmentVariable("CI") is null,
                "There is no Chromium in CI; .ci/run installs Debian's."
            );
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Args = ["--no-sandbox", "--disable-gpu"],
                Timeout = Patience,
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>Opens a file and notes all that it should not do.</summary>
    public Task<OpenPage> Open(
        string file,
        int width = 1280,
        int height = 900,
        bool isDark = false,
        bool hasScript = true
    ) => OpenAt(new Uri(Path.GetFullPath(file)), width, height, isDark, hasScript);

    /// <summary>As <see cref="Open"/>; a page of a server may ask its server.</summary>
    public async Task<OpenPage> OpenAt(
        Uri address,
        int width = 1280,
        int height = 900,
        bool isDark = false,
        bool hasScript = true
    )
    {
        Assert.SkipWhen(_browser is null, $"No Chromium at {string.Join(", ", Places)}.");
        IBrowserContext context = await _browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
                JavaScriptEnabled = hasScript,
            }
        );
        context.SetDefaultTimeout(Patience);
        context.SetDefaultNavigationTimeout(Patience);
        IPage page = await context.NewPageAsync();
        OpenPage open = new(context, page);
        page.Console += (_, message) => open.Complaints.Add($"console: {message.Text}");
        page.PageError += (_, error) => open.Complaints.Add($"error: {error}");
        page.Request += (_, request) =>
        {
            bool isOwn =
                !address.IsFile
                && request.Url.StartsWith(address.AbsoluteUri, StringComparison.Ordinal);
            if (!isOwn && !Regex.IsMatch(request.Url, "^(file|data):"))
            {
                open.Complaints.Add($"request: {request.Url}");
            }
            else if (request.Url.StartsWith("file:", StringComparison.Ordinal))
            {
                open.Files.Add(request.Url);
            }
        };
        await page.GotoAsync(address.AbsoluteUri);
        return open;
    }
}

/// <summary>A page with what its console said and what it loaded.</summary>
public sealed record OpenPage(IBrowserContext Context, IPage Page) : IAsyncDisposable
{
    public List<string> Complaints { get; } = [];
    public List<string> Files { get; } = [];

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();
}
