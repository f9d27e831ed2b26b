using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What a tradeoff chart shows quality against.</summary>
/// <param name="Name">As the script finds it among a point's figures.</param>
sealed record CostAxis(string Name, string Title, Func<MeanPoint, double> Of)
{
    public static CostAxis Time(Metric metric) =>
        new("ms", $"ms per {metric.Per}", p => p.Milliseconds!.Value);

    /// <summary>Null where some point has no energy, or it is of examples: their pages show time alone.</summary>
    public static CostAxis? Energy(Findings findings) =>
        findings.Metric.IsOfText && findings.EnergyFront.Count > 0
            ? new(
                "mj",
                $"mJ per {findings.Metric.Per}{(findings.Points.Any(p => p.Joules?.Origin == Origin.Modelled) ? ", modelled" : "")}",
                p => 1000 * p.Joules!.Value
            )
            : null;
}

/// <summary>Tradeoff curves with their bands: quality over time or energy, the Pareto front as steps.</summary>
static class CurveChart
{
    /// <summary>More colours than this cannot be told apart; the other curves are grey until they are asked for.</summary>
    public const int MostColours = 6;

    /// <summary>Original first in ink, pipelines of the front in colours, fastest first.</summary>
    public static IReadOnlyDictionary<string, int> Colours(Findings findings)
    {
        Dictionary<string, int> colours = [];
        foreach (string pipeline in findings.Front.Select(p => p.Pipeline).Distinct())
        {
            if (pipeline != findings.Original?.Pipeline && colours.Count < MostColours)
            {
                colours.Add(pipeline, colours.Count + 1);
            }
        }

        if (findings.Original is { } original)
        {
            colours.Add(original.Pipeline, 0);
        }

        return colours;
    }

    public static Markup Draw(Findings findings, bool isNarrow, CostAxis? by = null)
    {
        CostAxis cost = by ?? CostAxis.Time(findings.Metric);
        Frame f = isNarrow ? Frame.Narrow : Frame.Wide;
        MeanPoint[] points = [.. findings.Curves.SelectMany(c => c.Points)];
        Scale x = Scale.Around(points.Select(cost.Of), f.Left, f.EndX, true),
            y = Scale.Of(findings.Metric, points.Select(p => p.Quality!.Value), f.EndY, f.Top);
        IReadOnlyDictionary<string, int> colours = Colours(findings);
        Curve[] inOrder =
        [
            .. findings.Curves.OrderBy(c =>
                colours.TryGetValue(c.Pipeline, out int n) ? 100 - n : 0
            ),
        ];
        Markup inner = $"""
            {Picture.Axes(
                f,
                x,
                y,
                $"{cost.Title}, logarithmic",
                YTitle(findings.Metric),
                isNarrow
            )}
            <path class="front" d="{FrontPath((by is null ? findings.Front : findings.EnergyFront).Select(Place), f)}"/>
            {inOrder.Select(c => One(c, colours, Place, y, f))}
            <g class="limits" hidden=""><line class="limit-ms" y1="{f.Top}" y2="{f.EndY}"/><line class="limit-quality" x1="{f.Left}" x2="{f.EndX}"/></g>
            {Names(inOrder, colours, Place, f, isNarrow)}
            <circle class="chosen" r="9" hidden=""/>
            """;
        Markup scales =
            $" data-low-cost=\"{Figures.Exact(x.Low)}\" data-high-cost=\"{Figures.Exact(x.High)}\" data-left=\"{x.From}\" data-right=\"{x.To}\" data-low-quality=\"{Figures.Exact(y.Low / findings.Metric.Factor())}\" data-high-quality=\"{Figures.Exact(y.High / findings.Metric.Factor())}\" data-bottom=\"{y.From}\" data-top=\"{y.To}\"";
        string name =
            $"{findings.Metric} over {(by is null ? $"milliseconds per {findings.Metric.Per}" : cost.Title)} for {Figures.Counted(findings.Pipelines, "pipeline")} on {findings.Setting.Task}; all values are in the table below.";
        return Picture.Svg(f, name, isNarrow ? "narrow" : "wide", inner, scales);

        (double X, double Y) Place(MeanPoint p) =>
            (x.At(cost.Of(p)), y.At(p.Metric.Factor() * p.Quality!.Value));
    }

    public static string YTitle(Metric metric) =>
        metric.Name
        + (
            metric.IsPercent ? ", %"
            : metric.IsLogarithmic ? ", logarithmic"
            : ""
        );

    static Markup One(
        Curve curve,
        IReadOnlyDictionary<string, int> colours,
        Func<MeanPoint, (double X, double Y)> place,
        Scale y,
        Frame f
    )
    {
        bool isColoured = colours.TryGetValue(curve.Pipeline, out int colour);
        (double X, double Y)[] places = [.. curve.Points.Select(place)];
        return $"""
            <g class="curve {(
                isColoured ? $"c{colour}" : "other"
            )}" data-pipeline="{curve.Pipeline}">
            {curve.Stretches.Each(s => $"<path class=\"band\" d=\"{(curve.Seed is null ? Band(s, place, y, f) : "")}\"/><path class=\"line\" d=\"{Picture.Path(s.Select(place))}\"/>"
            )}
            <g class="marks">{places.Select(p =>
                Picture.Mark(isColoured ? colour : 0, p.X, p.Y)
            )}</g></g>

            """;
    }

    /// <summary>Empty where a point has no interval; a single point gets a bar.</summary>
    static string Band(
        IReadOnlyList<MeanPoint> points,
        Func<MeanPoint, (double X, double Y)> place,
        Scale y,
        Frame f
    )
    {
        if (points.Any(p => p.Quality is not { Low: not null, High: not null }))
        {
            return "";
        }

        double Held(double quality) =>
            Math.Clamp(y.At(points[0].Metric.Factor() * quality), f.Top, f.EndY);
        double thin = points.Count == 1 ? 2 : 0;
        IEnumerable<(double, double)> upper = points.Select(p =>
                (place(p).X - thin, Held(p.Quality!.High!.Value))
            ),
            lower = points.Select(p => (place(p).X - thin, Held(p.Quality!.Low!.Value)));
        if (thin > 0)
        {
            MeanPoint only = points[0];
            double at = place(only).X;
            upper = upper.Append((at + thin, Held(only.Quality!.High!.Value)));
            lower = lower.Append((at + thin, Held(only.Quality!.Low!.Value)));
        }

        return Picture.Path(upper.Concat(lower.Reverse())) + "Z";
    }

    /// <summary>What can be had at each time: up at a front point, then level until the next.</summary>
    static string FrontPath(IEnumerable<(double X, double Y)> front, Frame f)
    {
        List<(double, double)> steps = [];
        double? last = null;
        foreach (var (atX, atY) in front)
        {
            steps.Add((atX, last ?? f.EndY));
            steps.Add((atX, atY));
            last = atY;
        }

        if (last is { } level)
        {
            steps.Add((f.EndX, level));
        }

        return Picture.Path(steps);
    }

    /// <summary>Names at the slow end of the coloured curves, where those of one pipeline are best told apart.</summary>
    static Markup Names(
        IEnumerable<Curve> curves,
        IReadOnlyDictionary<string, int> colours,
        Func<MeanPoint, (double X, double Y)> place,
        Frame f,
        bool isNarrow
    )
    {
        Curve[] named =
        [
            .. curves
                .Where(c => colours.ContainsKey(c.Pipeline))
                .GroupBy(c => c.Pipeline)
                .Select(g => g.Last())
                .OrderBy(c => place(c.Points[^1]).Y),
        ];
        string[] texts = [.. named.Select(c => c.Pipeline)];
        if (isNarrow || texts.Any(t => t.Length > 24))
        {
            string[] all = [.. curves.Select(c => c.Pipeline).Distinct()],
                brief = BriefNames.Of(all);
            texts = [.. texts.Select(t => brief[Array.IndexOf(all, t)])];
        }

        var places = Picture.Labels(
            f,
            [
                .. named.Select(
                    (c, i) =>
                    {
                        var (atX, atY) = place(c.Points[^1]);
                        return (atX, atY, texts[i]);
                    }
                ),
            ]
        );
        return Markup.All(
            named.Each(
                (c, i) =>
                    $"<text class=\"name c{colours[c.Pipeline]}\" data-pipeline=\"{c.Pipeline}\" x=\"{places[i].X}\" y=\"{places[i].Y}\" text-anchor=\"{places[i].Anchor}\">{texts[i]}</text>\n"
            )
        );
    }
}
