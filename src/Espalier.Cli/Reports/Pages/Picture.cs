namespace Espalier.Cli.Reports.Pages;

/// <summary>How large a picture is and how much of it the axes need.</summary>
sealed record Frame(
    double Width,
    double Height,
    double Left,
    double Right,
    double Top,
    double Bottom
)
{
    public static Frame Wide { get; } = new(860, 470, 56, 20, 26, 50);

    /// <summary>Drawn for a phone: text in a scaled-down wide picture could not be read.</summary>
    public static Frame Narrow { get; } = new(360, 360, 42, 10, 26, 46);

    public double EndX => Width - Right;
    public double EndY => Height - Bottom;
}

/// <summary>Axes, labels and the elements around a chart.</summary>
static class Picture
{
    const double LineHeight = 14;

    /// <summary>Of a digit and letter at the size of the labels, on the safe side.</summary>
    const double CharacterWidth = 9.2;

    /// <param name="attributes">More attributes of the svg element.</param>
    public static Markup Svg(
        Frame f,
        string name,
        string kind,
        Markup inner,
        Markup? attributes = null
    ) =>
        $"""
            <svg class="chart {kind}" viewBox="0 0 {f.Width} {f.Height}" role="img" aria-label="{name}"{attributes
                ?? Markup.Empty}>{inner}</svg>

            """;

    public static Markup Axes(
        Frame f,
        Scale x,
        Scale y,
        string xTitle,
        string yTitle,
        bool isNarrow
    ) =>
        $"""
            <g class="grid">{y.Ticks(isNarrow ? 5 : 6).Select(v =>
                Line(f.Left, y.At(v), f.EndX, y.At(v))
            )}</g>
            <g class="tick">{y.Ticks(isNarrow ? 5 : 6).Select(v =>
                Text(f.Left - 8, y.At(v) + 4, "end", Figures.Tick(v))
            )}
            {x.Ticks(isNarrow ? 4 : 8).Each(v => $"<line x1=\"{x.At(v)}\" x2=\"{x.At(v)}\" y1=\"{f.EndY}\" y2=\"{f.EndY + 5}\"/>{Text(x.At(v), f.EndY + 19, "middle", Figures.Tick(v))}"
            )}</g>
            <g class="axis"><line x1="{f.Left}" x2="{f.EndX}" y1="{f.EndY}" y2="{f.EndY}"/>
            {Text(f.EndX, f.EndY + 38, "end", xTitle)}{Text(0, 13, "start", yTitle)}</g>
            """;

    public static Markup Line(double x1, double y1, double x2, double y2) =>
        $"<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>";

    public static Markup Text(double x, double y, string anchor, string text) =>
        $"<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>";

    public static string Path(IEnumerable<(double X, double Y)> points) =>
        string.Join(
            ' ',
            points.Select(
                (p, i) =>
                    FormattableString.Invariant($"{(i == 0 ? 'M' : 'L')}{p.X:0.##} {p.Y:0.##}")
            )
        );

    /// <summary>A shape of its own for each place in the palette, so that colour is never alone.</summary>
    public static Markup Mark(int shape, double x, double y) =>
        shape switch
        {
            1 => $"<rect x=\"{x - 3.6}\" y=\"{y - 3.6}\" width=\"7.2\" height=\"7.2\"/>",
            2 => $"<path d=\"{Path([(x, y - 5), (x + 4.8, y + 3.6), (x - 4.8, y + 3.6)])}Z\"/>",
            3 => $"<path d=\"{Path([(x, y - 5.2), (x + 5.2, y), (x, y + 5.2), (x - 5.2, y)])}Z\"/>",
            4 => $"<path d=\"{Path([(x, y + 5), (x + 4.8, y - 3.6), (x - 4.8, y - 3.6)])}Z\"/>",
            5 =>
                $"<path d=\"{Path([(x - 4, y - 4), (x + 4, y + 4)])} {Path([(x - 4, y + 4), (x + 4, y - 4)])}\" class=\"cross\"/>",
            _ => $"<circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/>",
        };

    /// <summary>Places for labels beside their points, moved up or down until none covers another.</summary>
    public static IReadOnlyList<(double X, double Y, string Anchor)> Labels(
        Frame f,
        IReadOnlyList<(double X, double Y, string Text)> wanted
    )
    {
        List<(double Left, double Right, double Y)> taken = [];
        List<(double X, double Y, string Anchor)> places = [];
        foreach (var (x, y, text) in wanted)
        {
            double width = CharacterWidth * text.Length;
            bool isRight = x + 9 + width <= f.Width;
            double left = isRight ? x + 9 : Math.Max(0, x - 9 - width),
                right = left + width;
            double[] tries =
            [
                .. Enumerable
                    .Range(0, 16)
                    .SelectMany(i =>
                        (double[])[y + 4 - LineHeight * i / 2, y + 4 + LineHeight * i / 2]
                    )
                    .Where(t => t >= f.Top + 4 && t <= f.EndY - 3),
            ];
            double place = tries
                .Where(t =>
                    !taken.Any(o =>
                        o.Left < right && left < o.Right && Math.Abs(o.Y - t) < LineHeight
                    )
                )
                .DefaultIfEmpty(y + 4)
                .First();
            taken.Add((left, right, place));
            places.Add(isRight ? (left, place, "start") : (right, place, "end"));
        }

        return places;
    }
}
