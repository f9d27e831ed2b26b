using System.Text.Json;
using Espalier.Analysis;
using Espalier.Measuring;
using Espalier.Runs;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Reports.Pages;

/// <param name="Seconds">What it took when it was made; null where that is not known any more.</param>
/// <param name="FromStore">It was there before the run or study was called.</param>
sealed record MadeStage(string Pipeline, ulong Seed, string Task, double? Seconds, bool FromStore);

/// <summary>All that a report is drawn from; no model is needed for it.</summary>
sealed record ReportInput(
    string Name,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<MadeStage> Stages
)
{
    /// <summary>Quality at more efforts than were timed, where it was kept; for comparing orders.</summary>
    public IReadOnlyList<Measurement> Curves { get; init; } = [];

    /// <summary>What every model said to every example, where it was kept.</summary>
    public AnsweredExamples Answers { get; init; } = AnsweredExamples.None;

    const long MostBytes = 256 << 20;
    const string Times = "null or a number of at least 0";

    /// <summary>
    /// A study's measurements.json, a run's run.json, a folder that holds one of them, or a folder of such run folders.
    /// </summary>
    /// <exception cref="InvalidDataException">There is no measurement, or something else.</exception>
    public static ReportInput Read(string path)
    {
        string[] files = [.. Files(path)];
        if (files.Length == 0)
        {
            throw new InvalidDataException(
                $"{path}: neither {StudyResults.JsonName} nor {RunFolder.JsonName} is there or in its folders; "
                    + "name the output folder of 'espalier study' or 'espalier run'."
            );
        }

        List<Measurement> measurements = [];
        List<MadeStage> stages = [];
        List<Measurement> curves = [];
        List<StoredAnswers> answers = [];
        foreach (string file in files)
        {
            ReadBeside(Path.GetDirectoryName(Path.GetFullPath(file))!, curves, answers);
            using JsonDocument document = Parse(file);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                measurements.AddRange(Curve(file, document.RootElement));
                ReadStages(
                    Path.Combine(Path.GetDirectoryName(file) ?? "", StudyResults.StagesName),
                    stages
                );
            }
            else
            {
                ReadRun(file, document.RootElement, measurements, stages);
            }
        }

        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string name = Path.GetFileName(
            File.Exists(whole) ? Path.GetDirectoryName(whole) ?? whole : whole
        );
        return measurements.Count > 0
            ? new ReportInput(name, measurements, stages)
            {
                Curves = curves,
                Answers = new AnsweredExamples(answers),
            }
            : throw new InvalidDataException(
                $"{path}: holds no measurement; measure one at least."
            );
    }

    static void ReadBeside(string folder, List<Measurement> curves, List<StoredAnswers> answers)
    {
        if (Path.Combine(folder, StudyResults.CurvesName) is var file && File.Exists(file))
        {
            curves.AddRange(MeasurementFiles.ReadCurves(file));
        }

        foreach (
            string of in Directory
                .EnumerateFiles(folder, "answers*.json.gz")
                .Order(StringComparer.Ordinal)
        )
        {
            answers.AddRange(MeasurementFiles.ReadAnswers(of));
        }
    }

    static IEnumerable<string> Files(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        string[] here = [.. In(path)];
        return here.Length > 0
            ? here
            : Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal).SelectMany(In);
    }

    static IEnumerable<string> In(string folder) =>
        ((string[])[StudyResults.JsonName, RunFolder.JsonName])
            .Select(name => Path.Combine(folder, name))
            .Where(File.Exists)
            .Take(1);

    static JsonDocument Parse(string file)
    {
        if (new FileInfo(file) is { Length: > MostBytes } big)
        {
            throw new InvalidDataException(
                $"{file}: {big.Length} bytes; at most {MostBytes} were expected of measurements."
            );
        }

        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(file));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{file} at line {e.LineNumber + 1}, byte {e.BytePositionInLine}: not valid JSON; measure again or fetch the file again.",
                e
            );
        }
    }

    static void ReadStages(string file, List<MadeStage> stages)
    {
        if (!File.Exists(file))
        {
            return;
        }

        using JsonDocument document = Parse(file);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException(
                $"{file}: not an array of stages with pipeline, seed, task, seconds and from_store; remove it or run the study again."
            );
        }

        stages.AddRange(
            document.RootElement.EnumerateArray().Select((s, i) => Stage($"{file}[{i}]", s))
        );
    }

    /// <summary>A stage as stages.json tells it, with every field of its kind.</summary>
    static MadeStage Stage(string way, JsonElement stage)
    {
        JsonElement Field(string name, string expected, params ReadOnlySpan<JsonValueKind> kinds) =>
            stage.ValueKind == JsonValueKind.Object
            && stage.TryGetProperty(name, out JsonElement field)
            && kinds.Contains(field.ValueKind)
                ? field
                : throw Refused(way, name, expected);
        string Text(string name)
        {
            JsonElement text = Field(name, "a string", JsonValueKind.String);
            try
            {
                return text.GetString()!;
            }
            catch (InvalidOperationException)
            {
                throw Refused(way, name, "text without half a surrogate pair");
            }
        }

        JsonElement seed = Field("seed", "a whole number", JsonValueKind.Number);
        return new MadeStage(
            Text("pipeline"),
            seed.TryGetUInt64(out ulong number)
                ? number
                : throw Refused(way, "seed", "a whole number"),
            Text("task"),
            Seconds(way, Field("seconds", Times, JsonValueKind.Number, JsonValueKind.Null)),
            Field("from_store", "true or false", JsonValueKind.True, JsonValueKind.False)
                .GetBoolean()
        );
    }

    static double? Seconds(string way, JsonElement field) =>
        field.ValueKind == JsonValueKind.Null ? null
        : field.ValueKind == JsonValueKind.Number
        && field.TryGetDouble(out double seconds)
        && double.IsFinite(seconds)
        && seconds >= 0
            ? seconds
        : throw Refused(way, "seconds", Times);

    static InvalidDataException Refused(string way, string field, string expected) =>
        new(
            $"{way}: field '{field}' is missing or of another kind; {expected} was expected, so remove the file or run again."
        );

    static IEnumerable<Measurement> Curve(string name, JsonElement array) =>
        array.EnumerateArray().Select((m, i) => Measurement.Read($"{name}[{i}]", m));

    static void ReadRun(
        string file,
        JsonElement run,
        List<Measurement> measurements,
        List<MadeStage> stages
    )
    {
        if (
            run.ValueKind != JsonValueKind.Object
            || !run.TryGetProperty("stages", out JsonElement made)
            || made.ValueKind != JsonValueKind.Array
        )
        {
            throw new InvalidDataException(
                $"{file}: neither an array of measurements nor a run with 'stages'; name {StudyResults.JsonName} or {RunFolder.JsonName}."
            );
        }

        foreach (JsonElement stage in made.EnumerateArray())
        {
            if (
                stage.ValueKind != JsonValueKind.Object
                || !stage.TryGetProperty("curve", out JsonElement curve)
                || curve.ValueKind != JsonValueKind.Array
            )
            {
                throw new InvalidDataException(
                    $"{file}: a stage has no 'curve' of measurements; run it again."
                );
            }

            Measurement[] read = [.. Curve($"{file}: curve", curve)];
            measurements.AddRange(read);
            if (read is [var first, ..])
            {
                double? seconds = stage.TryGetProperty("seconds", out JsonElement taken)
                    ? Seconds($"{file}: stages", taken)
                    : null;
                stages.Add(
                    new MadeStage(
                        first.Pipeline,
                        first.Seeds.Count > 0 ? first.Seeds[0] : 0,
                        first.Task,
                        seconds,
                        seconds is null
                    )
                );
            }
        }
    }
}
