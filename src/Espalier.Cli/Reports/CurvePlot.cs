using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Runs;

namespace Espalier.Cli.Reports;

/// <summary>
/// Quality over time, drawn with characters: the last stage's curve as dots, every stage's row as its place in
/// the table. Time is on a logarithmic scale, since stages lie orders of magnitude apart.
/// </summary>
static class CurvePlot
{
    const int Height = 12;
    const int Margin = 8;
    const int Widest = 90;

    // Of the metric's scale: labels have a tenth of a point, and stand on every third of twelve lines.
    const double Least = 0.02;
    const double LeastRatio = 2;

    public static void Write(Terminal terminal, IReadOnlyList<MeasuredStage> stages)
    {
        TextWriter to = terminal.Out;
        Metric metric = stages[0].Row.Primary.Kind;
        (double Ms, double Worth, char Mark)[] points =
        [
            .. stages[^1].Curve.Where(IsDefined).Select(m => (Ms(m), m.Primary.Worth!.Value, '*')),
            .. stages
                .Select((s, i) => (s.Row, Mark: Mark(i)))
                .Where(s => IsDefined(s.Row))
                .Select(s => (Ms(s.Row), s.Row.Primary.Worth!.Value, s.Mark)),
        ];
        if (points.Length < 2)
        {
            return;
        }

        var (left, right) = Wide(
            Math.Log(points.Min(p => p.Ms)),
            Math.Log(points.Max(p => p.Ms)),
            Math.Log(LeastRatio)
        );
        var (low, high) = Wide(points.Min(p => p.Worth), points.Max(p => p.Worth), Least);

        // No quality is beyond the metric's bounds.
        double best = metric.Worth(metric.MoreIsBetter ? metric.To : metric.From);
        (low, high) = high > best ? (best - (high - low), best) : (low, high);
        int columns = Math.Min(terminal.Width, Widest) - Margin - 2;
        char[][] grid =
        [
            .. Enumerable.Range(0, Height).Select(_ => new string(' ', columns).ToCharArray()),
        ];
        foreach (var (ms, worth, mark) in points)
        {
            int x = (int)Math.Round((Math.Log(ms) - left) / (right - left) * (columns - 1)),
                y = (int)Math.Round((high - worth) / (high - low) * (Height - 1));
            grid[y][x] = mark;
        }

        bool curve = stages[^1].Curve.Count > 1;
        terminal.Say(
            $"{metric}{(metric.IsPercent ? " in %" : "")} over ms per {metric.Per} (logarithmic)"
                + (curve ? $"; * {stages[^1].Stage.Pipeline} at other efforts" : "")
        );
        for (int y = 0; y < Height; y++)
        {
            double value = high - (high - low) * y / (Height - 1);
            string label =
                y % 3 == 0 || y == Height - 1
                    ? metric.Text(metric.Value(value)).PadLeft(Margin - 2) + " "
                    : new string(' ', Margin - 1);
            to.WriteLine($"{label}|{new string(grid[y]).TrimEnd()}");
        }

        string axis = Shown.Milliseconds(Math.Exp(left)),
            middle = Shown.Milliseconds(Math.Exp((left + right) / 2)),
            end = $"{Shown.Milliseconds(Math.Exp(right))} ms";
        to.WriteLine($"{new string(' ', Margin - 1)}+{new string('-', columns)}");
        string scale = axis.PadRight(columns / 2) + middle;
        to.WriteLine($"{new string(' ', Margin)}{scale.PadRight(columns - end.Length)}{end}");
        terminal.Say(
            $"{new string(' ', Margin)}{string.Join("  ", stages.Select((s, i) => $"{Mark(i)} {s.Stage.Pipeline}"))}"
        );
        if (curve && WhatOneSeedTells(stages[^1].Curve) is { } sentence)
        {
            terminal.Say(sentence);
        }
    }

    /// <summary>How much of the differences between efforts is luck, as far as one training can say; null: not known.</summary>
    internal static string? WhatOneSeedTells(IReadOnlyList<Measurement> curve)
    {
        Quality[] known =
        [
            .. curve.Select(m => m.Primary).Where(q => q is { Worth: not null, Low: not null }),
        ];
        if (known.Length < 2)
        {
            return null;
        }

        Metric metric = known[0].Kind;
        Quality best = known.MaxBy(q => q.Worth)!;
        double apart = best.Worth!.Value - known.Min(q => q.Worth!.Value),
            below =
                best.Worth.Value
                - metric.Worth((metric.MoreIsBetter ? best.Low : best.High)!.Value);
        string Told(double worth) => $"{metric.Gap(worth, "0.0")} {metric.GapUnit()}";
        string luck = $"{best.N} examples tell no differences below about {Told(below)} (95 %)";
        return apart <= below
            ? $"One seed: the efforts lie within {Told(apart)}, and {luck}; this is no curve, but chance."
            : $"One seed: {luck}, so a bend smaller than that is chance; other seeds move the whole curve ('espalier study' trains several).";
    }

    /// <summary>At least so wide, about the same middle.</summary>
    static (double Low, double High) Wide(double low, double high, double least) =>
        high - low >= least ? (low, high) : ((low + high - least) / 2, (low + high + least) / 2);

    static char Mark(int stage) => (char)(stage < 9 ? '1' + stage : 'a' + stage - 9);

    static bool IsDefined(Measurement m) =>
        m.Primary.Value is not null && m.Milliseconds is not null;

    static double Ms(Measurement m) => m.Milliseconds!.Value;
}
