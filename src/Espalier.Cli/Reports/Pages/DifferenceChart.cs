using Espalier.Analysis.Choosing;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Signed differences of orders at equal layers, with intervals that hold for all of a stretch, and the margin.</summary>
static class DifferenceChart
{
    public static Frame Frame { get; } = new(380, 250, 42, 12, 26, 46);

    public static Markup Draw(OrderComparison o)
    {
        Frame f = Frame;
        OrderDifference[] all = [.. o.Regions.SelectMany(r => r.Differences)];
        double In(double worth) => o.Metric.Points(worth);
        double margin = In(o.Margin),
            // An interval of three seeds may be wider than any picture.
            most = Math.Max(3 * margin, 1.6 * all.Max(d => Math.Abs(In(d.Mean))));
        double[] places = [.. all.Select(d => d.Place).Distinct()];
        Scale x = places is [var only]
                ? new(only - 1, only + 1, f.Left, f.EndX)
                : Scale.Around(places, f.Left, f.EndX),
            y = new(-most, most, f.EndY, f.Top);
        double Held(double worth) => y.At(Math.Clamp(In(worth), -most, most));
        (string A, string B)[] pairs = [.. all.Select(d => (d.A, d.B)).Distinct()];
        Markup[] lines =
        [
            .. pairs.Select(
                (pair, i) =>
                {
                    OrderDifference[] own =
                    [
                        .. all.Where(d => (d.A, d.B) == pair).OrderBy(d => d.Place),
                    ];
                    bool hasFirst = o.Regions[0].Region == CurveRegion.FirstExit;
                    OrderDifference[] behind = hasFirst ? own[1..] : own;
                    Markup first = hasFirst ? Bar(own[0], x, Held) : Markup.Empty;
                    return (Markup)
                        $"<g class=\"curve c{1 + i % CurveChart.MostColours}\">{first}{Band(behind, x, Held)}<g class=\"marks\">{own.Select(d => Picture.Mark(1 + i % CurveChart.MostColours, x.At(d.Place), Held(d.Mean)))}</g></g>\n";
                }
            ),
        ];
        Markup inner = $"""
            {Picture.Axes(f, x, y, $"layers per {o.Metric.Per}", $"difference, {o.Metric.GapsOf()}", true)}
            <rect class="margin" x="{f.Left}" y="{y.At(margin)}" width="{f.EndX - f.Left}" height="{y.At(-margin) - y.At(margin)}"/>
            <g class="zero">{Picture.Line(f.Left, y.At(0), f.EndX, y.At(0))}</g>
            {lines}
            {pairs.Each((pair, i) => $"<text class=\"name c{1 + i % CurveChart.MostColours}\" x=\"{f.EndX}\" y=\"{f.Top + 12 + 15 * i}\" text-anchor=\"end\">{Name(pair.A, pair.B)}</text>"
            )}
            """;
        return Picture.Svg(
            f,
            $"Differences of {string.Join(", ", pairs.Select(p => Name(p.A, p.B)))} over layers; the table below has the regions.",
            "small",
            inner
        );
    }

    static string Name(string a, string b) =>
        $"{(a.Length > 12 ? Findings.Letters(a) : a)} − {(b.Length > 12 ? Findings.Letters(b) : b)}";

    static Markup Bar(OrderDifference d, Scale x, Func<double, double> held) =>
        $"<path class=\"line\" d=\"{Picture.Path([(x.At(d.Place), held(d.Low)), (x.At(d.Place), held(d.High))])}\"/>";

    static Markup Band(OrderDifference[] places, Scale x, Func<double, double> held) =>
        Markup.All(
            Joined(places)
                .Select(s =>
                    s.Count == 1
                        ? Bar(s[0], x, held)
                        : (Markup)
                            $"<path class=\"band\" d=\"{Picture.Path(s.Select(d => (x.At(d.Place), held(d.High))).Concat(s.AsEnumerable().Reverse().Select(d => (x.At(d.Place), held(d.Low)))))}Z\"/><path class=\"line\" d=\"{Picture.Path(s.Select(d => (x.At(d.Place), held(d.Mean))))}\"/>"
                )
        );

    /// <summary>Where two places are further apart than a step of the grid, nothing was read between them.</summary>
    static IEnumerable<List<OrderDifference>> Joined(OrderDifference[] places)
    {
        List<OrderDifference> stretch = [];
        foreach (OrderDifference d in places)
        {
            if (stretch.Count > 0 && d.Place - stretch[^1].Place > SharedPlaces.Step + 1e-9)
            {
                yield return stretch;
                stretch = [];
            }

            stretch.Add(d);
        }

        if (stretch.Count > 0)
        {
            yield return stretch;
        }
    }
}
