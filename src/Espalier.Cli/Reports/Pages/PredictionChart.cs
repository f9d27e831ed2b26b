using Espalier.Analysis.Cumulation;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>A predicted curve and the measured one (Figure 4 of Xin et al. 2022).</summary>
static class PredictionChart
{
    public static Frame Frame { get; } = new(380, 250, 42, 12, 26, 46);

    public static Markup Draw(PredictionCheck check, Metric metric)
    {
        Frame f = Frame;
        (double Cost, double Quality)[] predicted =
            [.. check.Points.Select(p => (p.Cost, p.Quality))],
            measured =

            [
                .. check
                    .Points.Where(p => p is { MeasuredCost: not null, MeasuredQuality: not null })
                    .Select(p => (p.MeasuredCost!.Value, p.MeasuredQuality!.Value))
                    .OrderBy(p => p.Item1),
            ];
        Scale x = Scale.Around(
                predicted.Concat(measured).Select(p => p.Cost),
                f.Left,
                f.EndX,
                true
            ),
            y = Scale.Of(metric, predicted.Concat(measured).Select(p => p.Quality), f.EndY, f.Top);
        (double X, double Y) At((double Cost, double Quality) p) =>
            (x.At(p.Cost), y.At(metric.Factor() * p.Quality));
        Markup Series(string kind, int shape, (double Cost, double Quality)[] points) =>
            $"<g class=\"curve {kind}\"><path class=\"line{(shape == 0 ? "" : " dashed")}\" d=\"{Picture.Path(points.Select(At))}\"/><g class=\"marks{(shape == 0 ? "" : " hollow")}\">{points.Select(p => Picture.Mark(shape, At(p).X, At(p).Y))}</g></g>";
        (double X, double Y, string Text)[] wanted =
        [
            .. ((string Text, (double, double)[] Points)[])
                [("measured", measured), ("predicted", predicted)]
                is var both
                ? both.Where(b => b.Points.Length > 0)
                    .Select(b => (At(b.Points[^1]).X, At(b.Points[^1]).Y, b.Text))
                : [],
        ];
        var places = Picture.Labels(f, wanted);
        Markup inner = $"""
            {Picture.Axes(f, x, y, $"ms per {metric.Per}", CurveChart.YTitle(metric), true)}
            {Series("c2", 1, predicted)}{Series("c1", 0, measured)}
            {wanted.Each((w, i) => $"<text class=\"name {(w.Text == "measured" ? "c1" : "c2")}\" x=\"{places[i].X}\" y=\"{places[i].Y}\" text-anchor=\"{places[i].Anchor}\">{w.Text}</text>"
            )}
            """;
        return Picture.Svg(
            f,
            $"{check.Pipeline}: predicted and measured {metric} over milliseconds; the table below has the errors.",
            "small",
            inner
        );
    }
}
