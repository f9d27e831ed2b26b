using Espalier.Checkpoints;
using Espalier.Measuring;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What was measured of each task and seed: taken once, alone on the machine, and stored.</summary>
/// <param name="machine">That measures.</param>
public sealed class StudyMeasuring(
    StudyRecipe recipe,
    Store store,
    StageMeasuring measuring,
    MachineTurn turn,
    Machine machine,
    TimeProvider time
)
{
    public const string FileName = "measurements.json";
    public const string CurvesName = "curves.json";
    public const string AnswersName = "answers.json.gz";

    /// <summary>Of five passes, the median leaves two out.</summary>
    static MeasuringOptions Options(StudyRecipe recipe) =>
        new(_ => recipe.Efforts, recipe.Curve, LeastPasses: 5, SecondsPerPoint: 1);

    public static StageKey KeyOf(
        PlannedGroup group,
        IEnumerable<PlannedStage> models,
        StudyRecipe recipe,
        Machine machine
    ) =>
        StageKey.OfMeasuring(
            models.Select(m => m.Key),
            $"batch={group.Recipe.BatchSize};efforts={recipe.Efforts};effort={group.Recipe.Effort};curve={recipe.Curve}"
                + (group.Recipe.OnValidation ? ";on=validation" : ""),
            machine.Identity()
        );

    /// <param name="group">Models that failed are left out.</param>
    public StoredAction Measure(
        PlannedGroup group,
        MadeStages made,
        StudyListener listener,
        CancellationToken stop
    )
    {
        PlannedStage[] there = [.. group.Models.Where(m => made.Done.ContainsKey(m.Key))];
        StageKey key = KeyOf(group, there, recipe, machine);
        string cell = $"{group.Recipe.Data.Task.Name}, seed {group.Recipe.Seed}";
        using IDisposable held = FileLock.Take(
            store.LockOf(key),
            shared: false,
            () => listener.Note?.Invoke($"Waiting: another process measures {cell}."),
            stop
        );
        if (store.TryRead(key, $"What was measured of {cell},", listener.Note) is { } before)
        {
            return before;
        }

        foreach (PlannedStage stage in there)
        {
            store.ModelFolder(made.Done[stage.Key]);
        }

        using IDisposable alone = turn.ToMeasure(stop);
        long began = time.GetTimestamp();
        MeasuredStages measured = measuring.Measure(group, made, Options(recipe), listener, stop);
        return store.Put(
            new StoredAction
            {
                Kind = ActionKind.Measurements,
                Key = key.Hex,
                Pipeline = string.Join(' ', there.Select(m => $"{m.Pipeline}")),
                Task = group.Recipe.Data.Task.Name,
                Seed = group.Recipe.Seed,
                Inputs = [.. there.Select(m => m.Key.Hex)],
                Machine = machine.Identity(),
                Seconds = time.GetElapsedTime(began).TotalSeconds,
                Threads = machine.Threads,
            },
            folder =>
            {
                void Write(string name, byte[] bytes) =>
                    File.WriteAllBytes(Path.Combine(folder, name), bytes);
                Write(FileName, StudyResults.Json([.. measured.Stages.SelectMany(m => m.Curve)]));
                Write(CurvesName, StudyResults.Json([.. measured.Stages.Select(m => m.Quality)]));
                Write(AnswersName, measured.Answers.ToFile());
            }
        );
    }
}
