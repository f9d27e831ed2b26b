using System.Text;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs;

/// <summary>
/// run.json, curve.csv, curves.json and the answers of a run; each appears whole or not at all. docs/run-json.md describes
/// them.
/// </summary>
public static class RunFolder
{
    /// <summary>Version of run.json; grows when a field changes its meaning or goes away.</summary>
    public const int Version = 1;
    public const string JsonName = "run.json";
    public const string CurveName = "curve.csv";
    const string LockName = ".espalier-lock";
    public const string CurvesName = "curves.json";
    public const string AnswersName = "answers.json.gz";

    /// <summary>A folder that holds another run, or anything else, is not written into; one of this run is resumed.</summary>
    public static void CheckFree(string folder, IReadOnlyList<StageKey> keys)
    {
        string path = Path.Combine(folder, JsonName);
        bool free =
            !File.Exists(folder)
            && (
                !Directory.Exists(folder)
                || Directory.EnumerateFileSystemEntries(folder).All(Leftovers.IsOne)
                || (File.Exists(path) ? IsOf(path, keys[^1]) : HasStage(folder, keys))
            );
        if (!free)
        {
            throw new InvalidDataException(
                $"{folder} holds something else than this run; name another folder with --output, or remove it."
            );
        }
    }

    /// <summary>
    /// The folder for this run alone, as long as the result is held: what a killed run left there is gone, and every file of
    /// the stages can be made.
    /// </summary>
    /// <param name="waits">Is told when another run works there.</param>
    public static IDisposable Take(
        string folder,
        Recipe recipe,
        IReadOnlyList<StageKey> keys,
        Action<string>? waits,
        CancellationToken stop
    )
    {
        CheckFree(folder, keys);
        Durable.Explaining(folder, () => Durable.MakeFolders(Path.GetFullPath(folder)));
        IDisposable held = FileLock.Take(
            Path.Combine(folder, LockName),
            shared: false,
            () => waits?.Invoke($"Waiting: another run works in {folder}."),
            stop
        );
        try
        {
            CheckFree(folder, keys);
            Leftovers.Clear(folder, except: LockName);
            Durable.CheckRoom(
                folder,
                StageStore.FolderName(keys.Count, recipe.Pipeline.Letters, keys[^1])
            );
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    static bool IsOf(string path, StageKey key) =>
        JsonFile.Read(path).Objects("stages") is [.., var last] && last.String("key") == key.Hex;

    static bool HasStage(string folder, IReadOnlyList<StageKey> keys) =>
        Directory
            .EnumerateDirectories(folder)
            .Any(d => keys.Any(k => d.EndsWith(k.Short, StringComparison.Ordinal)));

    /// <param name="kernels">Those that trained.</param>
    public static void Write(string folder, Recipe recipe, string kernels, MeasuredStages measured)
    {
        IReadOnlyList<MeasuredStage> stages = measured.Stages;
        AtomicFile.Write(Path.Combine(folder, AnswersName), measured.Answers.ToFile());
        AtomicFile.Write(
            Path.Combine(folder, CurvesName),
            StudyResults.Json([.. stages.Select(s => s.Quality)])
        );
        AtomicFile.Write(Path.Combine(folder, JsonName), Json(folder, recipe, kernels, stages));
        AtomicFile.Write(
            Path.Combine(folder, CurveName),
            Encoding.UTF8.GetBytes(MeasurementTable.CurveCsv(stages.SelectMany(s => s.Curve)))
        );
    }

    /// <param name="kernels">Those that trained.</param>
    public static byte[] Json(
        string folder,
        Recipe recipe,
        string kernels,
        IReadOnlyList<MeasuredStage> stages
    )
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteStartObject("recipe");
            json.WriteString("pipeline", recipe.Pipeline.ToString());
            json.WriteString("model_sha256", ContentHash.OfFolder(recipe.ModelFolder));
            json.WriteString("task", recipe.Data.Task.Name);
            json.WriteString("data_sha256", recipe.Data.ContentHash());
            json.WriteString("training", recipe.Training.Canonical());
            json.WriteString("training_kernels", kernels);
            json.WriteNumber("seed", recipe.Seed);
            json.WriteNumber("max_length", recipe.MaxLength);
            json.WriteNumber("batch", recipe.BatchSize);
            json.WriteStartArray("operators");
            foreach (Operator next in recipe.Pipeline.Operators)
            {
                json.WriteStartObject();
                json.WriteString("text", next.Canonical());
                json.WriteNumber("version", next.Version);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("stages");
            foreach (MeasuredStage stage in stages)
            {
                json.WriteStartObject();
                json.WriteString("pipeline", stage.Stage.Pipeline);
                json.WriteString("folder", Path.GetRelativePath(folder, stage.Stage.Folder));
                json.WriteString("key", stage.Stage.Key.Hex);
                json.OptionalNumber(
                    "seconds",
                    stage.Stage.Seconds is { } seconds ? Math.Round(seconds, 3) : null
                );
                json.Estimate("speed_up", stage.SpeedUp);
                json.Estimate("speed_up_over_previous", stage.SpeedUpOverPrevious);
                json.WriteString("row", $"{stage.Row.Effort}");
                json.WriteStartArray("curve");
                foreach (Measurement measurement in stage.Curve)
                {
                    measurement.WriteTo(json);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
