using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>The page as a reader meets it, in a real browser.</summary>
public sealed class ReportPageTests(Browser browser, ReportFixture report)
    : IClassFixture<Browser>,
        IClassFixture<ReportFixture>
{
    const string Rows = "#results tbody tr:not([hidden])";

    [Theory]
    [InlineData(1280, false)]
    [InlineData(390, true)]
    public async Task The_page_opens_without_a_complaint_a_request_or_a_sideways_scrollbar(
        int width,
        bool isDark
    )
    {
        await using OpenPage open = await browser.Open(report.Page, width, isDark: isDark);
        Assert.Empty(open.Complaints);
        Assert.Single(open.Files);
        int wide = await open.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= width, $"the page is {wide} wide in a window of {width}");
        Assert.Contains("On sentiment", await open.Page.InnerTextAsync("h1"));
    }

    [Fact]
    public async Task A_pipeline_name_that_is_markup_stays_a_name()
    {
        await using OpenPage open = await browser.Open(report.Page);
        Assert.DoesNotContain("taken", await open.Page.TitleAsync());
        Assert.Equal(0, await open.Page.Locator("img").CountAsync());
        Assert.Empty(open.Complaints);
        await open.Page.SelectOptionAsync("#filter-rows", "all");
        await open.Page.FillAsync("#filter-text", "</script>");
        Assert.Equal(1, await open.Page.Locator(Rows).CountAsync());
        Assert.Contains(ReportFixture.Hostile, await open.Page.InnerTextAsync(Rows));
    }

    [Fact]
    public async Task The_data_in_the_page_are_the_input()
    {
        await using OpenPage open = await browser.Open(report.Page);
        string? inside = await open.Page.TextContentAsync("#measurements");
        using JsonDocument page = JsonDocument.Parse(inside!),
            input = JsonDocument.Parse(
                File.ReadAllText(Path.Combine(report.Folder, "measurements.json"))
            );
        Assert.Equal(
            input.RootElement.GetArrayLength(),
            await open.Page.EvaluateAsync<int>(
                "JSON.parse(document.getElementById('measurements').textContent).length"
            )
        );
        Assert.True(JsonElement.DeepEquals(input.RootElement, page.RootElement));
    }

    [Theory]
    [InlineData("ms/example")]
    [InlineData("quality, %")]
    public async Task A_click_on_a_header_sorts_by_it_and_a_second_one_the_other_way(string header)
    {
        await using OpenPage open = await browser.Open(report.Page);
        ILocator button = open.Page.Locator("#results .sort", new() { HasTextString = header });
        int column = await button.EvaluateAsync<int>("b => b.closest('th').cellIndex");
        await button.ClickAsync();
        double[] rising = await Values(open.Page, column);
        Assert.True(rising.Length > 5, $"{rising.Length} rows");
        Assert.Equal(rising.Order(), rising);
        Assert.Equal("ascending", await Direction(button));
        await button.ClickAsync();
        Assert.Equal(rising.OrderDescending(), await Values(open.Page, column));
        Assert.Equal("descending", await Direction(button));
        Assert.Equal(1, await open.Page.Locator("th[aria-sort]").CountAsync());
    }

    [Fact]
    public async Task Filters_leave_the_rows_that_were_asked_for_and_say_how_many()
    {
        await using OpenPage open = await browser.Open(report.Page);
        int pipelines = SyntheticStudy.Of(1).Select(m => m.Pipeline).Distinct().Count() + 1;
        Assert.Equal(pipelines, await open.Page.Locator(Rows).CountAsync());
        await open.Page.FillAsync("#filter-text", "DE");
        string[] names =
        [
            .. (await open.Page.Locator(Rows + " th").AllInnerTextsAsync()).Select(n =>
                n.Replace("●", "")
            ),
        ];
        Assert.Equal(["DE", "DELQ", "DEP(heads=6)"], names.Order(StringComparer.Ordinal));
        Assert.StartsWith("3 of", await open.Page.InnerTextAsync("#filter-count"));
        await open.Page.FillAsync("#filter-text", "");
        await open.Page.SelectOptionAsync("#filter-rows", "front");
        int front = await open.Page.Locator(Rows).CountAsync();
        Assert.Equal(await open.Page.Locator(".frontier tbody tr").CountAsync(), front);
        await open.Page.SelectOptionAsync("#filter-rows", "all");
        Assert.True(await open.Page.Locator(Rows).CountAsync() > pipelines);
    }

    [Fact]
    public async Task The_sliders_move_the_answer_and_say_so_where_nothing_fits()
    {
        await using OpenPage open = await browser.Open(report.Page);
        ILocator fit = open.Page.Locator(".fit");
        string first = await fit.InnerTextAsync();
        Assert.StartsWith("DELQ", first);
        await Move(open.Page, "#quality-0", "0.905");
        string second = await fit.InnerTextAsync();
        Assert.NotEqual(first, second);
        Assert.DoesNotContain("Nothing fits", second);
        Assert.True(await open.Page.Locator(".chosen").First.IsVisibleAsync());
        double ms = await open.Page.EvaluateAsync<double>(
            "Math.min(...JSON.parse(document.getElementById('points').textContent)[0].points.map(p => p.ms))"
        );
        await Move(
            open.Page,
            "#ms-0",
            Math.Log10(ms).ToString("0.00", CultureInfo.InvariantCulture)
        );
        await Move(open.Page, "#quality-0", "max");
        Assert.StartsWith("Nothing fits. The nearest is", await fit.InnerTextAsync());
    }

    [Fact]
    public async Task The_budget_also_knows_combinations_that_were_only_predicted()
    {
        await using OpenPage open = await browser.Open(report.Page);
        // A limit under which the best that is known was never run: LQ, from L and Q alone.
        double limit = await open.Page.EvaluateAsync<double>(
            """
            () => {
              const { points } = JSON.parse(document.getElementById("points").textContent)[0];
              const slider = document.getElementById("ms-0");
              for (let v = Number(slider.min); v < Number(slider.max); v += 0.01) {
                const best = points.filter((p) => p.ms <= 10 ** v).sort((a, b) => b.quality - a.quality)[0];
                if (best?.origin === "predicted") return v;
              }
              return 99;
            }
            """
        );
        Assert.True(limit < 2, $"no limit makes a prediction the best: {limit}");
        await open.Page.CheckAsync("input[value=good]");
        await Move(open.Page, "#quality-0", "min");
        await Move(open.Page, "#ms-0", limit.ToString("0.00", CultureInfo.InvariantCulture));
        string fit = await open.Page.InnerTextAsync(".fit");
        Assert.Contains("predicted", fit);
        Assert.DoesNotContain("Nothing fits", fit);
        Assert.Contains("measure it before you rely on it", fit);
    }

    [Fact]
    public async Task A_keyboard_reaches_everything_in_the_order_of_the_page()
    {
        await using OpenPage open = await browser.Open(report.Page);
        List<(string What, double Y)> stops = [];
        for (int i = 0; i < 200; i++)
        {
            await open.Page.Keyboard.PressAsync("Tab");
            JsonElement? at = await open.Page.EvaluateAsync<JsonElement?>(
                """
                (() => { const a = document.activeElement; if (a === document.body) return null;
                  const b = a.getBoundingClientRect();
                  return { what: a.id || a.className || a.getAttribute('href') || a.tagName, y: b.top + scrollY,
                    seen: getComputedStyle(a).outlineStyle !== 'none' }; })()
                """
            );
            if (at is not { ValueKind: JsonValueKind.Object } stop)
            {
                break;
            }

            string what = stop.GetProperty("what").GetString()!;
            Assert.True(stop.GetProperty("seen").GetBoolean(), $"{what} shows no focus");
            stops.Add((what, stop.GetProperty("y").GetDouble()));
        }

        Assert.Equal("skip", stops[0].What);
        string[] names = [.. stops.Select(s => s.What)];
        string[] expected = ["plot tradeoff", "ms-0", "quality-0", "filter-text", "filter-rows"];
        int[] places = [.. expected.Select(e => Array.FindIndex(names, n => n == e))];
        Assert.All(places, p => Assert.True(p > 0, string.Join(", ", names)));
        Assert.Equal(places.Order(), places);
        Assert.Equal(12, names.Count(n => n == "sort") + 1);
    }

    [Fact]
    public async Task Arrow_keys_walk_from_point_to_point_and_the_point_is_told()
    {
        await using OpenPage open = await browser.Open(report.Page);
        await open.Page.FocusAsync(".tradeoff");
        await open.Page.Keyboard.PressAsync("ArrowRight");
        ILocator tip = open.Page.Locator(".tradeoff .tip").First;
        string first = await tip.InnerTextAsync();
        Assert.Contains("seeds × 600 examples", first);
        await open.Page.Keyboard.PressAsync("ArrowDown");
        Assert.NotEqual(first, await tip.InnerTextAsync());
        await open.Page.Keyboard.PressAsync("Escape");
        Assert.False(await tip.IsVisibleAsync());
    }

    [Fact]
    public async Task Chosen_pipelines_stand_out_of_the_chart()
    {
        await using OpenPage open = await browser.Open(report.Page);
        ILocator chip = open.Page.Locator(".chip[data-pipeline='DE']");
        await chip.ClickAsync();
        Assert.Equal("true", await chip.GetAttributeAsync("aria-pressed"));
        Assert.Equal(
            ["DE"],
            (
                await open
                    .Page.Locator(".chart.wide .curve.on")
                    .EvaluateAllAsync<string[]>("all => all.map(c => c.dataset.pipeline)")
            ).Distinct()
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task All_text_has_the_contrast_that_WCAG_asks_for(bool isDark)
    {
        await using OpenPage open = await browser.Open(report.Page, isDark: isDark);
        string[] weak = await open.Page.EvaluateAsync<string[]>(
            """
            () => {
              const rgb = (text) => { const n = text.match(/[\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
              const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
              const behind = (node) => { for (let n = node; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor); if (c[3] > 0.99) return c; }
                return rgb(getComputedStyle(document.documentElement).backgroundColor); };
              const weak = new Set();
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (texts.nextNode()) {
                const node = texts.currentNode.parentElement;
                if (!texts.currentNode.data.trim() || node.closest("script, style, .skip") || node.getClientRects().length === 0) continue;
                const style = getComputedStyle(node);
                const [a, b] = [light(rgb(node.namespaceURI.endsWith("svg") ? style.fill : style.color)), light(behind(node))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
                if (ratio < least) weak.add(`${node.tagName}.${node.className.baseVal ?? node.className} ${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 30)}`);
              }
              return [...weak];
            }
            """
        );
        Assert.Empty(weak);
    }

    [Fact]
    public async Task Without_a_script_charts_and_all_rows_are_there_and_no_dead_button()
    {
        await using OpenPage open = await browser.Open(report.Page, hasScript: false);
        Assert.True(await open.Page.Locator(".chart.wide").First.IsVisibleAsync());
        Assert.False(await open.Page.Locator(".budget").IsVisibleAsync());
        int all = await open.Page.Locator("#results tbody tr").CountAsync();
        Assert.Equal(all, await open.Page.Locator(Rows).CountAsync());
        Assert.True(all > 30, $"{all} rows");
    }

    [Fact]
    public async Task The_map_of_the_objective_has_a_span_for_each_row_of_its_table_without_a_script_too()
    {
        await using OpenPage open = await browser.Open(report.Page, hasScript: false);
        ILocator section = open.Page.Locator("#objective-0");
        Assert.True(await section.Locator(".chart.wide").IsVisibleAsync());
        int rows = await section.Locator("tbody tr").CountAsync();
        Assert.True(rows > 2, $"{rows} winners");
        Assert.Equal(rows, await section.Locator(".chart.wide .spans rect").CountAsync());
        Assert.StartsWith("By P^1.5 · T, DELQ", await section.Locator(".verdict").InnerTextAsync());
        string[] from = await section
            .Locator("tbody tr td:nth-child(2)")
            .EvaluateAllAsync<string[]>("all => all.map(c => c.textContent)");
        Assert.StartsWith("0 to ", from[0]);
        Assert.StartsWith("from ", from[^1]);
        string name = (await section.Locator(".chart.wide").GetAttributeAsync("aria-label"))!;
        Assert.Contains("DELQ at confidence:0.6, ", name);
    }

    [Fact]
    public async Task Everything_that_can_be_used_has_a_name_and_headings_do_not_skip_a_level()
    {
        await using OpenPage open = await browser.Open(report.Page);
        string[] nameless = await open.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll("button, input, select, a, svg, [role=region], [role=group], nav, form")]
              .filter((n) => !(n.getAttribute("aria-label") || n.getAttribute("aria-labelledby") || n.labels?.[0]?.textContent.trim() || n.textContent.trim()))
              .map((n) => n.outerHTML.slice(0, 80))
            """
        );
        Assert.Empty(nameless);
        int[] levels = await open.Page.EvaluateAsync<int[]>(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
        );
        Assert.Equal(1, levels[0]);
        Assert.All(levels.Zip(levels.Skip(1)), p => Assert.True(p.Second <= p.First + 1, $"{p}"));
        string[] twice = await open.Page.EvaluateAsync<string[]>(
            "(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(n => n.id))"
        );
        Assert.Empty(twice);
    }

    static Task<string?> Direction(ILocator button) =>
        button.EvaluateAsync<string?>("b => b.closest('th').getAttribute('aria-sort')");

    static Task<double[]> Values(IPage page, int column) =>
        page.Locator(Rows)
            .EvaluateAllAsync<double[]>(
                $"rows => rows.map(r => Number(r.cells[{column}].dataset.value))"
            );

    /// <summary>Min and max are the slider's own ends.</summary>
    static async Task Move(IPage page, string slider, string value) =>
        await page.Locator(slider)
            .EvaluateAsync(
                "(s, v) => { s.value = v === 'min' ? s.min : v === 'max' ? s.max : v; s.dispatchEvent(new Event('input', { bubbles: true })); }",
                value
            );
}
