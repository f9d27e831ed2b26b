using System.Globalization;
using System.Text;
using Espalier.Measuring;

namespace Espalier.Runs;

/// <summary>Measurements in columns: one row each; an empty field is a figure that there is not.</summary>
public static class MeasurementTable
{
    sealed record Column(string Name, Func<Measurement, string> Cell);

    static readonly Column[] Cell =
    [
        new("task", m => Quoted(m.Task)),
        new("seed", m => string.Join(' ', m.Seeds)),
        new("batch", m => $"{m.BatchSize}"),
    ];

    static readonly Column[] Usual =
    [
        new("pipeline", m => Quoted(m.Pipeline)),
        new("effort", m => $"{m.Effort}"),
        new("metric", m => m.Primary.Metric),
        new("quality", m => Text(m.Primary.Value)),
        new("quality_low", m => Text(m.Primary.Low)),
        new("quality_high", m => Text(m.Primary.High)),
        new("examples", m => $"{m.Examples}"),
        new("ms_per_example", m => Text(m.MillisecondsPerExample?.Value)),
        new("ms_low", m => Text(m.MillisecondsPerExample?.Low)),
        new("ms_high", m => Text(m.MillisecondsPerExample?.High)),
        new("rounds", m => $"{m.MillisecondsPerExample?.N}"),
        new("joules_per_example", m => Text(m.JoulesPerExample?.Value)),
        new("energy", m => $"{m.JoulesPerExample?.Origin}".ToLowerInvariant()),
        new("average_layers", m => Text(m.AverageLayers)),
        new("disk_bytes", m => $"{m.DiskBytes}"),
    ];

    static readonly Column Packed = new("packed_bytes", m => $"{m.PackedBytes}");

    static readonly Column[] More =
    [
        new("average_multiply_adds", m => Text(m.AverageMultiplyAdds)),
        new("speed_up", m => Text(m.SpeedUp?.Value)),
        new("speed_up_low", m => Text(m.SpeedUp?.Low)),
        new("speed_up_high", m => Text(m.SpeedUp?.High)),
        new("sitting", m => m.Sitting ?? ""),
        new("timed_examples", m => $"{m.TimedExamples}"),
        new("timed_tokens", m => Text(m.Timed?.Tokens)),
        new("split_tokens", m => Text(m.Timed?.SplitTokens)),
        new("timed_layers", m => Text(m.Timed?.Layers)),
    ];

    /// <summary>As a study writes it: with the task, seed and batch in front.</summary>
    public static string Csv(IEnumerable<Measurement> measurements) =>
        Of([.. Cell, .. Usual, Packed, .. More], measurements);

    /// <summary>As a run writes it, where all rows have one task and seed.</summary>
    public static string CurveCsv(IEnumerable<Measurement> measurements) =>
        Of([.. Usual, .. More], measurements);

    /// <summary>Where any measurement has them.</summary>
    static readonly Column[] Written =
    [
        .. (
            (string[])
                [
                    Figure.MillisecondsPerToken,
                    Figure.MillisecondsToFirstToken,
                    Figure.JoulesPerToken,
                ]
        ).Select(name => new Column(name, m => Text(m.Estimate(name)?.Value))),
    ];

    static string Of(Column[] columns, IEnumerable<Measurement> measurements)
    {
        StringBuilder csv = new();
        Measurement[] rows = [.. measurements];
        columns = rows.Any(m => m.Estimate(Figure.MillisecondsPerToken) is not null)
            ? [.. columns, .. Written]
            : columns;
        csv.AppendJoin(',', columns.Select(c => c.Name)).Append('\n');
        foreach (Measurement m in rows)
        {
            csv.AppendJoin(',', columns.Select(c => c.Cell(m))).Append('\n');
        }

        return csv.ToString();
    }

    static string Quoted(string text) =>
        $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string Text(double? value) => value?.ToString("G7", CultureInfo.InvariantCulture) ?? "";
}
