using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Every pipeline at every effort in numbers. The script sorts and filters it; without it all rows stand there.</summary>
static class PointTable
{
    /// <param name="Cell">What a reader sees.</param>
    /// <param name="Number">What is sorted by; null stands last.</param>
    sealed record Column(
        string Title,
        Func<Findings, MeanPoint, Markup> Cell,
        Func<Findings, MeanPoint, double?>? Number = null
    );

    public static Markup Write(IReadOnlyList<Findings> all)
    {
        bool hasTasks = all.Count > 1;
        string per = Named(all, m => m.Per),
            over = Named(all, m => m.Over);
        IReadOnlyList<Column> columns = [.. Columns(all, hasTasks)];
        string[] origins =
        [
            .. all.SelectMany(f => f.Points.Select(p => p.Joules?.Origin))
                .OfType<Origin>()
                .Distinct()
                .Select(o => $"{o}".ToLowerInvariant()),
        ];
        Markup tasks = hasTasks
            ? $"<label>Task <select id=\"filter-task\"><option value=\"\">all</option>{all.Select(f => f.Setting.Task).Distinct().Each(t => $"<option>{t}</option>")}</select></label>"
            : Markup.Empty;
        string energy =
            origins.Length > 0
                ? $" Energy is {string.Join(" or ", origins)}; which source, is said below."
                : "";
        Markup inner = $"""
            <p class="note" id="table-note">Means over seeds with 95 % intervals: over seeds{(
                all.All(f => f.CoversExamples)
                    ? $", and in quality over the {over} of the split too"
                    : $", not over the {over} of the split"
            )}; of a single seed, what its own {over} and rounds allow. ● is on the Pareto front; × O is how many times as fast as the original, from ratios within a seed and a sitting; MB is memory for weights and tables; mJ is of one {per}; n is seeds × {over}, rounds of the clock.{energy}{string.Concat(all.SelectMany(f => f.Remarks).Distinct().Select(r => $" {r}"))}</p>
            <form id="filters" class="filters needs-script" role="search" aria-label="Filter the table">
            <label>Pipeline <input type="search" id="filter-text" placeholder="DE, heads=…" autocomplete="off" spellcheck="false"></label>
            {tasks}
            <label>Rows <select id="filter-rows"><option value="one">one for each pipeline</option><option value="front">Pareto front</option><option value="all">all operating points</option></select></label>
            <output id="filter-count" for="filter-text filter-rows"></output>
            </form>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="table-title">
            <table id="results" aria-describedby="table-note">
            <thead><tr>{columns.Each((c, i) => $"<th scope=\"col\"{(c.Number is null ? Markup.Empty : Markup.Trusted(" class=\"number\""))}><button type=\"button\" data-column=\"{i}\" class=\"sort\">{c.Title}</button></th>"
            )}</tr></thead>
            <tbody>
            {all.SelectMany(f => Rows(f, columns))}
            </tbody>
            </table>
            </div>
            """;
        return Markup.Section("table", "All results", inner);
    }

    /// <summary>What all of them say, or each of several that they say.</summary>
    public static string Named(IReadOnlyList<Findings> all, Func<Metric, string> of) =>
        string.Join(" or ", all.Select(f => of(f.Metric)).Distinct());

    static IEnumerable<Markup> Rows(Findings findings, IReadOnlyList<Column> columns)
    {
        HashSet<MeanPoint> representatives = [.. findings.Representatives];
        return findings
            .Points.OrderBy(p => p.Milliseconds?.Value ?? double.MaxValue)
            .Each(p =>
                $"<tr data-pipeline=\"{p.Pipeline}\" data-task=\"{findings.Setting.Task}\" data-one=\"{(representatives.Contains(p) ? 1 : 0)}\" data-front=\"{(p.IsFront ? 1 : 0)}\">{columns.Select((c, i) => Cell(c, findings, p, i == 0))}</tr>\n"
            );
    }

    static Markup Cell(Column column, Findings findings, MeanPoint point, bool isHead)
    {
        Markup inner = column.Cell(findings, point);
        return column.Number is null
            ? isHead
                ? (Markup)$"<th scope=\"row\">{inner}</th>"
                : (Markup)$"<td>{inner}</td>"
            : (Markup)
                $"<td class=\"number\" data-value=\"{Figures.Exact(column.Number(findings, point))}\">{inner}</td>";
    }

    static IEnumerable<Column> Columns(IReadOnlyList<Findings> all, bool hasTasks)
    {
        yield return new("pipeline", (_, p) => $"{(p.IsFront ? Front : Markup.Empty)}{p.Pipeline}");
        if (hasTasks)
        {
            yield return new("task", (f, _) => $"{f.Setting.Task}");
        }

        yield return new("effort", (_, p) => $"{p.Effort.ToString()}");
        yield return new(
            all.All(f => f.Metric.IsPercent) ? "quality, %"
                : all.All(f => f.Metric.IsOfText) ? all[0].Metric.Name
                : "quality",
            (f, p) => WithRange(p.Quality, f.Metric.Text, p.Absent),
            (_, p) => p.Quality?.Value
        );
        yield return new(
            $"ms/{Named(all, m => m.Per)}",
            (_, p) => WithRange(p.Milliseconds, Printed.Short, p.Absent),
            (_, p) => p.Milliseconds?.Value
        );
        yield return new(
            "× O",
            (_, p) => p.SpeedUp is null ? Markup.Empty : WithRange(p.SpeedUp, Printed.Short, null),
            (_, p) => p.SpeedUp?.Value
        );
        yield return new(
            "MB",
            (_, p) => Plain(p.Bytes?.Value / 1e6),
            (_, p) => p.Bytes?.Value / 1e6
        );
        yield return new(
            "disk MB",
            (_, p) => Plain(p.DiskBytes?.Value / 1e6),
            (_, p) => p.DiskBytes?.Value / 1e6
        );
        yield return new(
            all.Any(f => f.Metric.IsOfText) ? $"mJ/{Named(all, m => m.Per)}" : "mJ",
            (_, p) => Plain(1000 * p.Joules?.Value),
            (_, p) => 1000 * p.Joules?.Value
        );
        yield return new("layers", (_, p) => Plain(p.Layers), (_, p) => p.Layers);
        yield return new(
            "n",
            (_, p) =>
                $"{p.Seeds}{(p.Examples > 0 ? $" × {p.Examples}" : "")}{(p.Rounds is { } rounds ? $", {rounds}" : "")}",
            (_, p) => p.Seeds
        );
        yield return new("origin", (_, p) => $"{p.Origin.ToString().ToLowerInvariant()}");
    }

    static Markup Front { get; } =
        Markup.Trusted(
            "<span class=\"dot\" title=\"on the Pareto front\" role=\"img\" aria-label=\"on the Pareto front\">●</span>"
        );

    static Markup Plain(double? value) =>
        value is { } number ? $"{Printed.Short(number)}" : Markup.Trusted("–");

    static Markup WithRange(Estimate? spread, Func<double, string> show, string? why) =>
        spread is null ? (Markup)$"<span title=\"{why}\">– <small>{why}</small></span>"
        : spread is { Low: { } low, High: { } high }
            ? (Markup)$"{show(spread.Value)} <small>{show(low)}–{show(high)}</small>"
        : (Markup)$"{show(spread.Value)}";
}
