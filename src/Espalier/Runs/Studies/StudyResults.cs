using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Measuring;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>The measurements of a study, as they lie in its store and as files; no model is needed to read them.</summary>
public static class StudyResults
{
    public const string JsonName = "measurements.json";
    public const string CsvName = "measurements.csv";
    public const string StagesName = "stages.json";
    public const string CurvesName = "curves.json";

    public static IReadOnlyList<Measurement> Read(Store store, StoredAction action) =>
        List(store, action, "measurements", StudyMeasuring.FileName, Measurement.Read);

    /// <summary>Sees that the files can be written before there is work behind them.</summary>
    public static void CheckRoom(string folder) => Durable.CheckRoom(folder);

    public static IReadOnlyList<QualityCurve> Curves(Store store, StoredAction action) =>
        List(store, action, "curves", StudyMeasuring.CurvesName, QualityCurve.Read);

    static IReadOnlyList<T> List<T>(
        Store store,
        StoredAction action,
        string what,
        string file,
        Func<string, JsonElement, T> read
    )
    {
        string name = $"{store.Folder}, {what} {action.Key[..12]}";
        using JsonDocument document = JsonFile.ParseAny(name, store.Read(action, file));
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? [.. document.RootElement.EnumerateArray().Select((m, i) => read($"{name}[{i}]", m))]
            : throw new InvalidDataException($"{name}: no array; {what} were expected.");
    }

    /// <summary>What every model of one task and seed said to every example.</summary>
    public static StoredAnswers Answers(Store store, StoredAction action) =>
        StoredAnswers.Read(
            $"{store.Folder}, answers {action.Key[..12]}",
            store.Read(action, StudyMeasuring.AnswersName)
        );

    /// <summary>As answers lie beside the measurements: a name without what no file's may hold.</summary>
    public static string AnswersName(StoredAnswers answers) =>
        $"answers-{string.Concat(answers.Task.Where(c => char.IsLetterOrDigit(c) || c is '-'))}-{string.Join('-', answers.Seeds)}.json.gz";

    /// <summary>The files that a study ends with.</summary>
    public static void Write(string folder, StudyOutcome outcome)
    {
        IReadOnlyList<Measurement> measurements = outcome.Measurements;
        AtomicFile.Write(Path.Combine(folder, StagesName), Json(outcome.Stages));
        AtomicFile.Write(Path.Combine(folder, JsonName), Json(measurements));
        AtomicFile.Write(Path.Combine(folder, CurvesName), Json(outcome.Curves));
        foreach (StoredAnswers answers in outcome.Answers)
        {
            AtomicFile.Write(Path.Combine(folder, AnswersName(answers)), answers.ToFile());
        }

        AtomicFile.Write(
            Path.Combine(folder, CsvName),
            System.Text.Encoding.UTF8.GetBytes(MeasurementTable.Csv(measurements))
        );
    }

    /// <summary>How long the stages took, and which were made in this call.</summary>
    static byte[] Json(IReadOnlyList<StageTime> stages) =>
        JsonOutput.List(
            stages,
            (json, stage) =>
                json.Object(() =>
                {
                    json.WriteString("task", stage.Stage.Recipe.Data.Task.Name);
                    json.WriteString("pipeline", $"{stage.Stage.Pipeline}");
                    json.WriteNumber("seed", stage.Stage.Recipe.Seed);
                    json.WriteString("key", stage.Stage.Key.Hex);
                    json.WriteNumber("seconds", Math.Round(stage.Seconds, 3));
                    json.WriteBoolean("from_store", stage.FromStore);
                })
        );

    /// <summary>An array of measurements.</summary>
    public static byte[] Json(IReadOnlyList<Measurement> measurements) =>
        JsonOutput.List(measurements, (json, measurement) => measurement.WriteTo(json));

    /// <summary>An array of curves, one a line would be too long: without white space.</summary>
    public static byte[] Json(IReadOnlyList<QualityCurve> curves) =>
        JsonOutput.List(curves, (json, curve) => curve.WriteTo(json), indented: false);
}
