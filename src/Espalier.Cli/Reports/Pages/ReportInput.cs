using System.Text.Json;
using Espalier.Analysis;
using Espalier.Checkpoints;
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

    /// <summary>The measurements as their files hold them.</summary>
    public IReadOnlyList<JsonElement> Records { get; init; } = [];

    public IReadOnlyList<StudySection> Analysed() => StudySection.Of(Measurements, Curves, Answers);

    const long MostBytes = 256 << 20;
    const int LongestPipeline = 4096;
    const double MostSeconds = 1e12;

    /// <summary>
    /// A study's measurements.json, a run's run.json, a folder that holds one of them, or a folder of such run folders; or a table of
    /// what others measured.
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

        if (files is [var table] && Path.GetExtension(table) == PublishedTable.Ending)
        {
            return new ReportInput(
                Path.GetFileNameWithoutExtension(table),
                PublishedTable.Read(table),
                []
            );
        }

        List<Measurement> measurements = [];
        List<JsonElement> records = [];
        List<MadeStage> stages = [];
        List<Measurement> curves = [];
        List<StoredAnswers> answers = [];
        foreach (string file in files)
        {
            ReadBeside(Path.GetDirectoryName(Path.GetFullPath(file))!, curves, answers);
            using JsonDocument document = JsonFile.ReadAny(file, MostBytes);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                measurements.AddRange(Curve(file, document.RootElement, records));
                ReadStages(
                    Path.Combine(Path.GetDirectoryName(file) ?? "", StudyResults.StagesName),
                    stages
                );
            }
            else
            {
                ReadRun(file, document.RootElement, measurements, records, stages);
            }
        }

        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string name = Path.GetFileName(
            File.Exists(whole) ? Path.GetDirectoryName(whole) ?? whole : whole
        );
        return measurements.Count > 0
            ? new ReportInput(name, measurements, stages)
            {
                Records = records,
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
            .Where(RegularFile.IsThere)
            .Take(1);

    static void ReadStages(string file, List<MadeStage> stages)
    {
        if (!RegularFile.IsThere(file))
        {
            return;
        }

        using JsonDocument document = JsonFile.ReadAny(file, MostBytes);
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

    static MadeStage Stage(string name, JsonElement element)
    {
        JsonFields stage = JsonFile.Fields(name, element);
        string pipeline = stage.String("pipeline");
        if (pipeline.Length is 0 or > LongestPipeline)
        {
            throw stage.Refuse("pipeline", $"1 to {LongestPipeline} characters");
        }

        JsonElement seed = stage.Required("seed", "a whole number");
        return new MadeStage(
            pipeline,
            seed.ValueKind == JsonValueKind.Number && seed.TryGetUInt64(out ulong number)
                ? number
                : throw stage.Refuse("seed", "a whole number of at least 0"),
            stage.String("task"),
            stage.OptionalNumber("seconds", 0, MostSeconds),
            stage.Flag("from_store")
        );
    }

    static Measurement[] Curve(string name, JsonElement array, List<JsonElement> records)
    {
        records.AddRange(array.EnumerateArray().Select(m => m.Clone()));
        return [.. array.EnumerateArray().Select((m, i) => Measurement.Read($"{name}[{i}]", m))];
    }

    static void ReadRun(
        string file,
        JsonElement run,
        List<Measurement> measurements,
        List<JsonElement> records,
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

            Measurement[] read = Curve($"{file}: curve", curve, records);
            measurements.AddRange(read);
            if (read is [var first, ..])
            {
                double? seconds = JsonFile
                    .Fields($"{file}: stage", stage)
                    .OptionalNumber("seconds", 0, MostSeconds);
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
