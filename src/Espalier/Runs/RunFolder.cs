using System.Text;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs;

/// <summary>
/// What a run shows of its store: a model folder for each stage, run.json, curve.csv, curves.json and the answers; each appears
/// whole or not at all. docs/run-json.md describes them. The store may lie in it, and be made again from what is shown.
/// </summary>
public static class RunFolder
{
    public const string JsonName = "run.json";
    public const string CurveName = "curve.csv";
    public const string CurvesName = "curves.json";
    public const string AnswersName = "answers.json.gz";
    internal const string LockName = ".espalier-lock";
    public const string KeyName = "stage.json";

    /// <summary>Where the store of a run lies that is given none: removed with the folder, and of no concern to who reads it.</summary>
    public static string StoreOf(string folder) => Path.Combine(folder, ".store");

    public static string NameOf(PlannedStage stage) =>
        $"{stage.Pipeline.Operators.Length}-{stage.Pipeline.Letters}-{stage.Key.Short}";

    /// <summary>A folder that holds another run, or anything else, is not written into; one of this run is resumed.</summary>
    /// <exception cref="InvalidDataException">It is such.</exception>
    public static void CheckFree(string folder, IReadOnlyList<StageKey> keys)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && !IsFree(folder, keys)))
        {
            throw new InvalidDataException(
                $"{folder} holds something else than this run; name another folder with --output, or remove it."
            );
        }
    }

    static bool IsFree(string folder, IReadOnlyList<StageKey> keys)
    {
        string studies = Path.Combine(StoreOf(folder), "studies"),
            document = Path.Combine(folder, JsonName);
        string[] names =
        [
            .. Directory
                .EnumerateFileSystemEntries(folder)
                .Concat(Directory.Exists(studies) ? Directory.EnumerateFiles(studies) : [])
                .Where(e => !Leftovers.IsOne(e) && e != StoreOf(folder))
                .Select(e => Path.GetFileName(e)),
        ];
        return names.Length == 0
            || (
                File.Exists(document)
                    ? JsonFile.Read(document).Objects("stages") is [.., var last]
                        && last.String("key") == keys[^1].Hex
                    : names.Any(n => keys.Any(k => n.Contains(k.Short, StringComparison.Ordinal)))
            );
    }

    /// <summary>
    /// Gives the store what is shown and it does not know: an earlier version kept no store, and one may be removed. Nothing is
    /// copied.
    /// </summary>
    /// <param name="note">Is told what is damaged in the store.</param>
    public static void TakeOver(
        string folder,
        Store store,
        IReadOnlyList<PlannedStage> stages,
        Action<string>? note
    )
    {
        foreach (PlannedStage stage in stages)
        {
            string shown = Path.Combine(folder, NameOf(stage)),
                half = Path.Combine(folder, $"unfinished-{stage.Key.Short}"),
                kept = store.Checkpoint(stage.Key).Folder;
            if (
                store.TryRead(stage.Key, $"{stage},", note) is null
                && IsAsWritten(shown, stage.Key)
            )
            {
                store.Put(
                    stage.Describe(ActionKind.Stage),
                    to =>
                    {
                        foreach (string file in Directory.EnumerateFiles(shown))
                        {
                            string name = Path.GetFileName(file);
                            if (name != KeyName)
                            {
                                HardLink.OrCopy(file, Path.Combine(to, name));
                            }
                        }
                    }
                );
            }

            if (Directory.Exists(half) && !Directory.Exists(kept))
            {
                Durable.MakeFolders(Path.GetFullPath(Path.GetDirectoryName(kept)!));
                Directory.Move(half, kept);
            }
        }
    }

    /// <summary>Shows a stage as a model folder, unless it is there already, whole and unchanged.</summary>
    /// <param name="note">Is told of one that was changed.</param>
    public static void Export(
        string folder,
        Store store,
        PlannedStage stage,
        StoredAction action,
        Action<string>? note
    )
    {
        string shown = Path.Combine(folder, NameOf(stage));
        if (IsAsWritten(shown, stage.Key))
        {
            return;
        }

        if (Path.Exists(shown))
        {
            note?.Invoke($"{shown} is not as it was written; it is made again.");
        }

        store.Export(
            action,
            shown,
            at =>
                File.WriteAllText(
                    Path.Combine(at, KeyName),
                    $$"""{"content":"{{ContentHash.OfFolder(at)}}","key":"{{stage.Key.Hex}}"}"""
                )
        );
    }

    /// <summary>Whether the stage of a key lies there, every byte as it was written.</summary>
    internal static bool IsAsWritten(string shown, StageKey key)
    {
        if (!Directory.Exists(shown))
        {
            return false;
        }

        try
        {
            JsonFields facts = JsonFile.Read(Path.Combine(shown, KeyName));
            return facts.String("key") == key.Hex
                && facts.String("content") == ContentHash.OfFolder(shown, except: KeyName);
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <param name="kernels">Those that trained.</param>
    public static void Write(string folder, Recipe recipe, string kernels, MeasuredStages measured)
    {
        IReadOnlyList<MeasuredStage> stages = measured.Stages;
        AtomicFile.Write(Path.Combine(folder, AnswersName), measured.Answers.ToFile());
        AtomicFile.Write(
            Path.Combine(folder, CurvesName),
            StudyResults.Json([.. stages.Select(s => s.Quality)])
        );
        AtomicFile.Write(Path.Combine(folder, JsonName), RunJson.Of(recipe, kernels, stages));
        AtomicFile.Write(
            Path.Combine(folder, CurveName),
            Encoding.UTF8.GetBytes(MeasurementTable.CurveCsv(stages.SelectMany(s => s.Curve)))
        );
    }
}
