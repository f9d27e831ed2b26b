using Espalier.Analysis.Choosing;

namespace Espalier.Cli.Reports.Pages;

/// <summary>A weight from nothing on: its name, where its values lie along a line, and which of them is the paper's.</summary>
/// <param name="Place">Rises with the weight.</param>
sealed record WeightAxis(
    string Name,
    string Caption,
    Func<double, double> Place,
    IReadOnlyList<double> Ticks,
    double? Usual
)
{
    public static WeightAxis Exponent { get; } =
        new(
            "exponent of P",
            $"Who wins by P^x · T at each exponent x: time alone decides on the left, quality more and more to the right. The numbers are the places in the table; the dashed line is {Objective.UsualExponent}, the exponent of the paper.",
            x => Math.Log(1 + x),
            [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
            Objective.UsualExponent
        );

    public static WeightAxis Energy { get; } =
        new(
            "weight of energy",
            $"Who wins by P^{Objective.UsualExponent} · ((1 − b) · T + b · E) at each weight of energy b: time alone decides on the left, energy alone on the right. The numbers are the places in the table.",
            x => x,
            [0, 0.2, 0.4, 0.6, 0.8, 1],
            null
        );
}

/// <summary>A row of spans, one for each winner, in the colours of the tradeoff curves.</summary>
static class ObjectiveChart
{
    const double NameWidth = 8.6; // of a letter of a name
    const double HatchStep = 6;

    public static Markup Draw(
        Findings findings,
        IReadOnlyList<Won> spans,
        IReadOnlyList<(double From, double To)> doubtful,
        WeightAxis axis,
        bool isNarrow
    )
    {
        Frame f = isNarrow ? new(360, 112, 12, 12, 18, 46) : new(860, 112, 12, 20, 18, 46);
        double end = ObjectiveMap.EndOf(spans);
        Scale x = new(axis.Place(0), axis.Place(end), f.Left, f.EndX);
        double At(double weight) => x.At(axis.Place(Math.Min(weight, end)));
        IReadOnlyDictionary<string, int> colours = CurveChart.Colours(findings);
        double[] ticks = [.. axis.Ticks.Where(t => t <= end)];
        Markup inner = $"""
            <g class="tick">{ticks.Each(t => $"<line x1=\"{At(t)}\" x2=\"{At(t)}\" y1=\"{f.EndY}\" y2=\"{f.EndY + 5}\"/>{Picture.Text(At(t), f.EndY + 19, "middle", Figures.Tick(t))}"
            )}</g>
            <g class="axis">{Picture.Line(f.Left, f.EndY, f.EndX, f.EndY)}{Picture.Text(
                f.EndX,
                f.EndY + 38,
                "end",
                axis.Name
            )}</g>
            <g class="spans">{spans.Each(s => $"<g class=\"{(colours.TryGetValue(s.Point.Pipeline, out int c) ? $"c{c}" : "other")}\"><rect x=\"{At(s.From)}\" y=\"{f.Top}\" width=\"{At(s.To) - At(s.From)}\" height=\"{f.EndY - f.Top}\"/></g>"
            )}</g>
            <g class="doubt">{doubtful.Select(d => Hatched(At(d.From), At(d.To), f))}</g>
            {(
                axis.Usual is { } usual
                    ? (Markup)
                        $"<path class=\"front\" d=\"{Picture.Path([(At(usual), f.Top - 8), (At(usual), f.EndY)])}\"/>"
                    : Markup.Empty
            )}
            {spans.Select((s, i) => Name(s, i + 1, At(s.From), At(s.To), f))}
            """;
        return Picture.Svg(
            f,
            $"Winners from the least {axis.Name} to the greatest: {string.Join(", ", spans.Select(s => s.Point.Name))}; the table below has the borders.",
            isNarrow ? "narrow" : "wide",
            inner
        );
    }

    /// <summary>Slanted lines over a stretch of the map.</summary>
    static Markup Hatched(double from, double to, Frame f) =>
        Markup.All(
            Enumerable
                .Range(0, (int)Math.Max(1, Math.Floor((to - from) / HatchStep)))
                .Select(i => from + i * HatchStep)
                .Select(x => Picture.Line(x, f.EndY, Math.Min(x + HatchStep, to), f.Top))
        );

    /// <summary>Its place in the table, and its letters where they have room.</summary>
    static Markup Name(Won span, int place, double from, double to, Frame f)
    {
        string name = $"{place} {Findings.Letters(span.Point.Pipeline)}",
            shown = NameWidth * name.Length + 6 <= to - from ? name
            : NameWidth * $"{place}".Length <= to - from ? $"{place}"
            : "";
        return $"<text class=\"name c0\" x=\"{(from + to) / 2}\" y=\"{(f.Top + f.EndY) / 2 + 5}\" text-anchor=\"middle\">{shown}</text>";
    }
}
