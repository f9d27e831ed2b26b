using System.Text;
using System.Text.Json;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Checkpoints;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What the budget's sliders choose from, as JSON for the script.</summary>
static class BudgetPoints
{
    public static string Json(IReadOnlyList<StudySection> sections)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            foreach (StudySection section in sections)
            {
                Setting setting = section.Findings.Setting;
                json.WriteStartObject();
                json.WriteString("task", setting.Task);
                json.WriteString("metric", setting.Metric.Name);
                json.WriteString("per", setting.Metric.Per);
                json.WriteString("over", setting.Metric.Over);
                json.WriteBoolean("more_is_better", setting.Metric.MoreIsBetter);
                json.WriteBoolean("logarithmic", setting.Metric.IsLogarithmic);
                json.WriteBoolean("percent", setting.Metric.IsPercent);
                IEnumerable<MeanPoint> points = section.Findings.Points.Concat(section.Predicted);
                json.Objects(
                    "points",
                    points.Where(p => p.IsWhole),
                    p =>
                    {
                        Write(json, p);
                    }
                );

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static void Write(Utf8JsonWriter json, MeanPoint p)
    {
        json.WriteString("pipeline", p.Pipeline);
        json.WriteString("effort", $"{p.Effort}");
        json.WriteString("origin", $"{p.Origin}".ToLowerInvariant());
        json.WriteNumber("ms", p.Milliseconds!.Value);
        json.WriteNumber("quality", p.Quality!.Value);
        json.OptionalNumber("low", p.Quality.Low);
        json.OptionalNumber("high", p.Quality.High);
        json.OptionalNumber("mb", p.Bytes?.Value / 1e6);
        json.OptionalNumber("mj", 1000 * p.Joules?.Value);
        json.WriteString(
            "energy",
            p.Joules?.Origin is { } energy and not Origin.Measured
                ? $"{energy}".ToLowerInvariant()
                : "measured"
        );
        json.OptionalNumber("speedup", p.SpeedUp?.Value);
        json.WriteNumber("seeds", p.Seeds);
        json.WriteNumber("examples", p.Examples);
        json.WriteBoolean("front", p.IsFront);
    }
}
