using Espalier.Analysis.Choosing;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Distances of orders as dots (Figure 3 of Xin et al. 2022), and the curves of every run (Figure 2).</summary>
static class OrderChart
{
    const double WideRow = 30;
    const double NarrowRow = 44;
    const double GroupGap = 30;

    public static Frame CurveFrame { get; } = new(380, 290, 42, 12, 26, 46);

    public static Frame FrameOf(IReadOnlyList<OrderComparison> orders, bool isNarrow)
    {
        double height = 20 + orders.Count * (3 * RowHeight(isNarrow) + GroupGap) + 50;
        return isNarrow
            ? new Frame(360, height, 8, 12, 14, 46)
            : new Frame(860, height, 232, 20, 14, 50);
    }

    public static Markup Draw(IReadOnlyList<OrderComparison> orders, Metric metric, bool isNarrow)
    {
        Frame f = FrameOf(orders, isNarrow);
        double[] all =
        [
            .. orders.SelectMany(o =>
                o.Pairs.Select(p => p.Distance)
                    .Concat(OrderSection.Rows(o).Select(r => r.Summary.High).OfType<double>())
            ),
        ];
        double most = metric.Points(all.DefaultIfEmpty(0.01).Max());
        Scale x = new(0, 1.06 * Math.Max(most, metric.Points(0.001)), f.Left, f.EndX);
        List<Markup> rows = [];
        double y = f.Top;
        foreach (OrderComparison o in orders)
        {
            rows.Add(
                (Markup)$"<text class=\"name c0\" x=\"0\" y=\"{y + 14}\">{o.Operators}</text>"
            );
            y += GroupGap - 4;
            foreach (var (name, summary, pairs) in Groups(o))
            {
                rows.Add(Row(name, summary, pairs, d => x.At(metric.Points(d)), y, f, isNarrow));
                y += RowHeight(isNarrow);
            }

            y += 4;
        }

        Markup inner = $"""
            <g class="grid">{x.Ticks(isNarrow ? 4 : 8).Select(v =>
                Picture.Line(x.At(v), f.Top + 22, x.At(v), f.EndY)
            )}</g>
            <g class="tick">{x.Ticks(isNarrow ? 4 : 8).Select(v =>
                Picture.Text(x.At(v), f.EndY + 19, "middle", Figures.Tick(v))
            )}</g>
            <g class="axis">{Picture.Line(f.Left, f.EndY, f.EndX, f.EndY)}{Picture.Text(
                f.EndX,
                f.EndY + 38,
                "end",
                $"distance of two curves, {metric.GapsOf()}"
            )}</g>
            {rows}
            """;
        return Picture.Svg(
            f,
            $"Distances of tradeoff curves for the same order and for different orders of {string.Join(", ", orders.Select(o => o.Operators))}; the table below has the numbers.",
            isNarrow ? "narrow" : "wide",
            inner
        );
    }

    /// <summary>Every run of a comparison, a colour for each order.</summary>
    public static Markup Curves(OrderComparison o)
    {
        Frame f = CurveFrame;
        var points = o.Runs.SelectMany(r => r.Curve.Points).ToArray();
        Scale x = Scale.Around(points.Select(p => p.Layers), f.Left, f.EndX),
            y = Scale.Of(o.Metric, points.Select(p => o.Metric.Value(p.Worth)), f.EndY, f.Top);
        (double X, double Y) At(EffortReading p) =>
            (x.At(p.Layers), y.At(o.Metric.Factor() * o.Metric.Value(p.Worth)));
        Markup[] lines =
        [
            .. o.Runs.Select(run =>
            {
                int colour = ColourOf(o, run.Pipeline);
                return (Markup)
                    $"<g class=\"curve {(colour > 0 ? $"c{colour}" : "other")}\">{run.Curve.Stretches.Each(s => $"<path class=\"line\" d=\"{Picture.Path(s.Select(At))}\"/>")}<g class=\"marks\">{run.Curve.Points.Select(p => Picture.Mark(Math.Max(colour, 0), At(p).X, At(p).Y))}</g></g>\n";
            }),
        ];
        (double X, double Y, string Text)[] wanted =
        [
            .. o.Orders.Select(order =>
            {
                var (atX, atY) = At(o.Runs.First(r => r.Pipeline == order).Curve.Points[^1]);
                return (atX, atY, order.Length > 20 ? Findings.Letters(order) : order);
            }),
        ];
        var places = Picture.Labels(f, wanted);
        Markup inner = $"""
            {Picture.Axes(f, x, y, $"layers per {o.Metric.Per}", CurveChart.YTitle(o.Metric), true)}{lines}
            {o.Orders.Each((order, i) => $"<text class=\"name c{Math.Max(ColourOf(o, order), 0)}\" x=\"{places[i].X}\" y=\"{places[i].Y}\" text-anchor=\"{places[i].Anchor}\">{wanted[i].Text}</text>"
            )}
            """;
        return Picture.Svg(
            f,
            $"Tradeoff curves of {string.Join(", ", o.Orders)}, one line for each seed.",
            "small",
            inner
        );
    }

    /// <summary>On a phone names stand above the dots.</summary>
    static double RowHeight(bool isNarrow) => isNarrow ? NarrowRow : WideRow;

    static int ColourOf(OrderComparison o, string order) =>
        o.Orders.ToList().IndexOf(order) is var at and < CurveChart.MostColours ? at + 1 : 0;

    static IEnumerable<(string, DistanceSummary, IEnumerable<PairDistance>)> Groups(
        OrderComparison o
    ) =>
        OrderSection
            .Rows(o)
            .Select(
                (r, i) =>
                    (
                        r.Name,
                        r.Summary,
                        o.Pairs.Where(p => p.SameOrder == (i == 0) && p.SameOriginal == (i == 2))
                    )
            );

    static Markup Row(
        string name,
        DistanceSummary summary,
        IEnumerable<PairDistance> pairs,
        Func<double, double> at,
        double y,
        Frame f,
        bool isNarrow
    )
    {
        double middle = y + (isNarrow ? 24 : 10);
        Markup bar = summary.Mean is { } mean
            ? (Markup)
                $"<path class=\"line\" d=\"{(summary is { Low: { } low, High: { } high } ? Picture.Path([(at(Math.Max(0, low)), middle), (at(high), middle)]) : "")}\"/><path class=\"line mean\" d=\"{Picture.Path([(at(mean), middle - 8), (at(mean), middle + 8)])}\"/>"
            : (Markup)
                $"<text x=\"{f.Left + 4}\" y=\"{middle + 4}\">{(isNarrow ? "" : summary.WhyUndefined)}</text>";
        // Dots beside each other, up and down in turn: no chance is needed to keep them apart.
        Markup[] dots =
        [
            .. pairs
                .Select(p => p.Distance)
                .Order()
                .Each(
                    (d, i) =>
                        $"<circle cx=\"{at(d)}\" cy=\"{middle + (i % 3 - 1) * 3.5}\" r=\"3\"/>"
                ),
        ];
        string colour = name.StartsWith("same", StringComparison.Ordinal) ? "c1" : "c2";
        Markup label = isNarrow
            ? Picture.Text(f.Left, y + 6, "start", name)
            : Picture.Text(f.Left - 14, middle + 4, "end", name);
        return $"<g class=\"curve {colour}\"><g class=\"dots\">{dots}</g>{bar}</g>{label}\n";
    }
}
