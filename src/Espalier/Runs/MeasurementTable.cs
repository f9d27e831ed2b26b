using System.Globalization;
using System.Text;
using Espalier.Measuring;

namespace Espalier.Runs;

/// <summary>Measurements in columns: one row each; an empty field is a figure that there is not.</summary>
public static class MeasurementTable
{
    const string Columns =
        "pipeline,effort,metric,quality,quality_low,quality_high,examples,"
        + "ms_per_example,ms_low,ms_high,rounds,joules_per_example,energy,average_layers,disk_bytes";

    const string More =
        "average_multiply_adds,speed_up,speed_up_low,speed_up_high,sitting,timed_examples,timed_tokens,split_tokens,timed_layers";

    /// <summary>As a study writes it: with the task, seed and batch in front.</summary>
    public static string Csv(IEnumerable<Measurement> measurements)
    {
        StringBuilder csv = new($"task,seed,batch,{Columns},packed_bytes,{More}\n");
        foreach (Measurement m in measurements)
        {
            string[] fields =
            [
                Quoted(m.Task),
                string.Join(' ', m.Seeds),
                $"{m.BatchSize}",
                .. Fields(m),
                $"{m.PackedBytes}",
                .. Others(m),
            ];
            csv.AppendJoin(',', fields).Append('\n');
        }

        return csv.ToString();
    }

    /// <summary>As a run writes it, where all rows have one task and seed.</summary>
    public static string CurveCsv(IEnumerable<Measurement> measurements)
    {
        StringBuilder csv = new($"{Columns},{More}\n");
        foreach (Measurement m in measurements)
        {
            csv.AppendJoin(',', [.. Fields(m), .. Others(m)]).Append('\n');
        }

        return csv.ToString();
    }

    static string[] Fields(Measurement m)
    {
        Quality quality = m.Primary;
        return
        [
            Quoted(m.Pipeline),
            $"{m.Effort}",
            quality.Metric,
            Text(quality.Value),
            Text(quality.Low),
            Text(quality.High),
            $"{m.Examples}",
            Text(m.MillisecondsPerExample?.Value),
            Text(m.MillisecondsPerExample?.Low),
            Text(m.MillisecondsPerExample?.High),
            $"{m.MillisecondsPerExample?.N}",
            Text(m.JoulesPerExample?.Value),
            $"{m.JoulesPerExample?.Origin}".ToLowerInvariant(),
            Text(m.AverageLayers),
            $"{m.DiskBytes}",
        ];
    }

    static string[] Others(Measurement m) =>
        [
            Text(m.AverageMultiplyAdds),
            Text(m.SpeedUp?.Value),
            Text(m.SpeedUp?.Low),
            Text(m.SpeedUp?.High),
            m.Sitting ?? "",
            $"{m.TimedExamples}",
            Text(m.Timed?.Tokens),
            Text(m.Timed?.SplitTokens),
            Text(m.Timed?.Layers),
        ];

    static string Quoted(string text) =>
        $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string Text(double? value) => value?.ToString("G7", CultureInfo.InvariantCulture) ?? "";
}
