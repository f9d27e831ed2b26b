using System.Text;
using System.Text.Json;
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
                json.WriteString("metric", setting.Metric);
                json.WriteStartArray("points");
                foreach (
                    MeanPoint p in section.Findings.Points.Concat(section.Predicted).Where(IsWhole)
                )
                {
                    Write(json, p);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    public static bool IsWhole(MeanPoint p) => p is { Quality: not null, Milliseconds: not null };

    static void Write(Utf8JsonWriter json, MeanPoint p)
    {
        json.WriteStartObject();
        json.WriteString("pipeline", p.Pipeline);
        json.WriteString("effort", $"{p.Effort}");
        json.WriteString("origin", $"{p.Origin}".ToLowerInvariant());
        json.WriteNumber("ms", p.Milliseconds!.Mean);
        json.WriteNumber("quality", p.Quality!.Mean);
        json.OptionalNumber("low", p.Quality.Low);
        json.OptionalNumber("high", p.Quality.High);
        json.OptionalNumber("mb", p.Megabytes);
        json.OptionalNumber("mj", p.Millijoules?.Mean);
        json.WriteString(
            "energy",
            p.EnergyOrigin is { } energy and not Origin.Measured
                ? $"{energy}".ToLowerInvariant()
                : "measured"
        );
        json.OptionalNumber("speedup", p.SpeedUp?.Mean);
        json.WriteNumber("seeds", p.Seeds);
        json.WriteNumber("examples", p.Examples);
        json.WriteBoolean("front", p.IsFront);
        json.WriteEndObject();
    }
}
