using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Runs.Watching;

namespace Espalier.Cli.Reports;

/// <summary>A watched store as JSON; docs/watch.md describes the fields.</summary>
static class WatchJson
{
    const int Version = 1;

    public static byte[] Write(WatchedStore store) =>
        JsonOutput.Document(
            json =>
            {
                json.WriteNumber("version", Version);
                json.WriteNumber("finished", store.Finished);
                json.Array("problems", store.Problems, json.WriteStringValue);
                json.Objects("studies", store.Studies, s => Write(json, s));
            },
            indented: false
        );

    static void Write(Utf8JsonWriter json, WatchedStudy study)
    {
        json.WriteString("id", study.Id);
        json.WriteString("name", study.Name);
        json.WriteString("kernels", study.Kernels);
        json.WriteString(
            "state",
            study.IsRunning
                ? study.IsMeasuring
                    ? "measuring"
                    : "running"
                : study.IsOver
                    ? "ended"
                    : "stopped"
        );
        json.WriteString("says", WatchWords.Headline(study));
        if (study.Heard is { } heard)
        {
            json.WriteString("heard", heard);
        }

        Optional(json, "seconds_left", study.SecondsLeft);
        json.WriteNumber("groups", study.Groups);
        json.WriteNumber("measured", study.Measured.Count);
        json.Objects("stages", study.Stages, s => Write(json, s));
        json.Array("measurements", study.Measurements, m => m.WriteTo(json));
    }

    static void Write(Utf8JsonWriter json, WatchedStage stage)
    {
        json.WriteString("key", stage.Stage.Key);
        json.WriteString("parent", stage.Stage.Parent);
        json.WriteString("pipeline", stage.Stage.Pipeline);
        json.WriteString("task", stage.Stage.Task);
        json.WriteNumber("seed", stage.Stage.Seed);
        json.WriteString("state", WatchWords.Of(stage.Standing));
        Optional(json, "seconds", stage.Seconds);
        Optional(json, "seconds_left", stage.SecondsLeft);
        if (stage.Why is { } why)
        {
            json.WriteString("why", why);
        }

        if (stage.Note is { Steps: > 0 } note)
        {
            json.WriteNumber("step", note.Step);
            json.WriteNumber("steps", note.Steps);
            Optional(json, "loss", note.Loss);
            json.Array(
                "losses",
                stage.Standing == StageStanding.Done ? [] : note.Losses,
                l =>
                {
                    json.WriteStartArray();
                    json.WriteNumberValue(l.Step);
                    json.WriteNumberValue(l.Loss);
                    json.WriteEndArray();
                }
            );
        }
    }

    static void Optional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Math.Round(number, 3));
        }
    }
}
