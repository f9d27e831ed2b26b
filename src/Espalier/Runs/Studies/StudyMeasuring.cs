using Espalier.Measuring;
using Espalier.Runs.Storage;
using Espalier.Runs.Watching;

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
    ) => StageKey.OfMeasuring(models.Select(m => m.Key), How(group, recipe), machine.Identity());

    /// <summary>All that decides what is measured of given models on a given machine, as it stands in the key.</summary>
    public static string How(PlannedGroup group, StudyRecipe recipe) =>
        $"batch={group.Recipe.BatchSize};efforts={recipe.Efforts};effort={group.Recipe.Effort};curve={recipe.Curve}"
        + (group.Recipe.OnValidation ? ";on=validation" : "");

    /// <summary>What a group is called where it is not known yet which machine will measure it.</summary>
    public static StageKey NameOf(PlannedGroup group, StudyRecipe recipe) =>
        StageKey.OfMeasuring(group.Models.Select(m => m.Key), How(group, recipe), "any");

    /// <summary>What was measured of models side by side, on any machine; of all of them, or without those that diverged.</summary>
    /// <param name="models">Keys.</param>
    public static IEnumerable<StoredAction> Of(
        IEnumerable<string> models,
        string how,
        IEnumerable<StoredAction> stored
    )
    {
        HashSet<string> known = [.. models];
        return stored.Where(a =>
            a is { Kind: ActionKind.Measurements, Machine: { } machine }
            && a.Inputs.All(known.Contains)
            && StageKey.OfMeasuring(a.Inputs.Select(i => new StageKey(i)), how, machine).Hex
                == a.Key
        );
    }

    /// <summary>Of the models of a group that are done, on this machine.</summary>
    public StageKey KeyOf(PlannedGroup group, MadeStages made) =>
        KeyOf(group, There(group, made), recipe, machine);

    /// <summary>What was measured before on such a machine; null: nothing.</summary>
    public StoredAction? Find(PlannedGroup group, MadeStages made, Action<string>? note = null) =>
        store.TryRead(KeyOf(group, made), $"What was measured of {Cell(group)},", note);

    /// <param name="group">Models that failed are left out.</param>
    public StoredAction Measure(
        PlannedGroup group,
        MadeStages made,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using Lease held = Lease.Take(
            store,
            NameOf(group, recipe),
            time,
            () => listener.Note?.Invoke($"Waiting: another process measures {Cell(group)}."),
            stop
        );
        return Find(group, made, listener.Note) ?? Alone(group, made, listener, stop);
    }

    /// <summary>As <see cref="Measure"/>; null where another process does.</summary>
    /// <param name="diary">Begun where this process measures, for whoever watches.</param>
    internal StoredAction? TryMeasure(
        PlannedGroup group,
        MadeStages made,
        StudyListener listener,
        Func<StudyDiary> diary,
        CancellationToken stop
    )
    {
        using Lease? held = Lease.Try(store, NameOf(group, recipe), time);
        if (held is null)
        {
            return null;
        }

        if (Find(group, made, listener.Note) is { } before)
        {
            return before;
        }

        using StudyDiary told = diary();
        StoredAction measured = Alone(group, made, told.With(listener), stop);
        told.Ended([]);
        return measured;
    }

    static PlannedStage[] There(PlannedGroup group, MadeStages made) =>
        [.. group.Models.Where(m => made.Done.ContainsKey(m.Key))];

    static string Cell(PlannedGroup group) =>
        $"{group.Recipe.Data.Task.Name}, seed {group.Recipe.Seed}";

    StoredAction Alone(
        PlannedGroup group,
        MadeStages made,
        StudyListener listener,
        CancellationToken stop
    )
    {
        PlannedStage[] there = There(group, made);
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
                Key = KeyOf(group, made).Hex,
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
