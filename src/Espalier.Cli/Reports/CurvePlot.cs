using Espalier.Measuring;
using Espalier.Runs;

namespace Espalier.Cli.Reports;

/// <summary>
/// Quality over time per example, drawn with characters: the last stage's curve as dots, every stage's row as its place in
/// the table. Time is on a logarithmic scale, since stages lie orders of magnitude apart.
/// </summary>
static class CurvePlot
{
    const int Height = 12;
    const int Margin = 8;

    public static void Write(TextWriter to, IReadOnlyList<MeasuredStage> stages, int width)
    {
        (double Ms, double Quality, char Mark)[] points =
        [
            .. stages[^1]
                .Curve.Where(IsDefined)
                .Select(m => (Ms(m), 100 * m.Metrics[0].Value!.Value, '*')),
            .. stages
                .Select((s, i) => (s.Row, Mark: Mark(i)))
                .Where(s => IsDefined(s.Row))
                .Select(s => (Ms(s.Row), 100 * s.Row.Metrics[0].Value!.Value, s.Mark)),
        ];
        if (points.Length < 2)
        {
            return;
        }

        var (left, right) = (Math.Log(points.Min(p => p.Ms)), Math.Log(points.Max(p => p.Ms)));
        var (low, high) = (points.Min(p => p.Quality), points.Max(p => p.Quality));
        (right, high) = (Math.Max(right, left + 0.01), Math.Max(high, low + 0.1));
        int columns = width - Margin - 2;
        char[][] grid =
        [
            .. Enumerable.Range(0, Height).Select(_ => new string(' ', columns).ToCharArray()),
        ];
        foreach (var (ms, quality, mark) in points)
        {
            int x = (int)Math.Round((Math.Log(ms) - left) / (right - left) * (columns - 1)),
                y = (int)Math.Round((high - quality) / (high - low) * (Height - 1));
            grid[y][x] = mark;
        }

        to.WriteLine(
            $"{stages[0].Row.Metrics[0].Metric} in % over ms per example (logarithmic); * {stages[^1].Stage.Pipeline} at other efforts"
        );
        for (int y = 0; y < Height; y++)
        {
            double value = high - (high - low) * y / (Height - 1);
            string label =
                y % 3 == 0 || y == Height - 1
                    ? $"{value, Margin - 2:0.0} "
                    : new string(' ', Margin - 1);
            to.WriteLine($"{label}|{new string(grid[y]).TrimEnd()}");
        }

        string axis = $"{Math.Exp(left):0.00}",
            middle = $"{Math.Exp((left + right) / 2):0.00}",
            end = $"{Math.Exp(right):0.00} ms";
        to.WriteLine($"{new string(' ', Margin - 1)}+{new string('-', columns)}");
        string scale = axis.PadRight(columns / 2) + middle;
        to.WriteLine($"{new string(' ', Margin)}{scale.PadRight(columns - end.Length)}{end}");
        to.WriteLine(
            $"{new string(' ', Margin)}{string.Join("  ", stages.Select((s, i) => $"{Mark(i)} {s.Stage.Pipeline}"))}"
        );
    }

    static char Mark(int stage) => (char)(stage < 9 ? '1' + stage : 'a' + stage - 9);

    static bool IsDefined(Measurement m) =>
        m.Metrics[0].Value is not null && m.MillisecondsPerExample is not null;

    static double Ms(Measurement m) => m.MillisecondsPerExample!.Value;
}
