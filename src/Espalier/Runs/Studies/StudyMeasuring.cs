using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>Measures the models of each task and seed side by side, alone on the machine, and stores the records.</summary>
public sealed class StudyMeasuring(
    Store store,
    StudyModels models,
    MachineTurn turn,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time
)
{
    public const string FileName = "measurements.json";
    public const string CurvesName = "curves.json";
    public const string AnswersName = "answers.json.gz";

    // So much for each point of each curve; the least passes are run whatever they take.
    const double SecondsPerPoint = 1;

    // Of five, the median leaves two out.
    const int LeastPasses = 5;

    public static StageKey KeyOf(
        PlannedGroup group,
        IEnumerable<PlannedStage> models,
        EffortGrid efforts,
        int dense,
        Machine machine
    ) =>
        StageKey.OfMeasuring(
            models.Select(m => m.Key),
            $"batch={group.Recipe.BatchSize};efforts={efforts};effort={group.Recipe.Effort};curve={dense}",
            machine.Identity()
        );

    /// <param name="group">Models that failed are left out.</param>
    public StoredAction Measure(
        PlannedGroup group,
        IReadOnlyDictionary<StageKey, StoredAction> done,
        EffortGrid efforts,
        int dense,
        StudyListener listener,
        CancellationToken stop
    )
    {
        PlannedStage[] there = [.. group.Models.Where(m => done.ContainsKey(m.Key))];
        StageKey key = KeyOf(group, there, efforts, dense, machine);
        using IDisposable held = FileLock.Take(
            store.LockOf(key),
            shared: false,
            () =>
                listener.Note?.Invoke(
                    $"Waiting: another process measures {group.Recipe.Data.Task.Name}, seed {group.Recipe.Seed}."
                ),
            stop
        );
        string what =
            $"What was measured of {group.Recipe.Data.Task.Name}, seed {group.Recipe.Seed},";
        if (store.TryRead(key, what, listener.Note) is { } before)
        {
            return before;
        }

        using IDisposable alone = turn.ToMeasure(stop);
        long began = time.GetTimestamp();
        using Workers workers = new(machine.Threads);
        Stage[] stages =
        [
            .. there.Select(m => new Stage(
                $"{m.Pipeline}",
                store.ModelFolder(done[m.Key]),
                m.Key,
                models.Load(done[m.Key]),
                null
            )),
        ];
        int points = stages.Sum(s => s.Model.Config.HasExits ? efforts.Count + 2 : 1);
        MeasuredStages measured = new StageMeasuring(workers, kernels, machine, time).Measure(
            group.Recipe,
            stages,
            _ => efforts,
            dense,
            StageMeasuring.Passes with
            {
                Seconds = Math.Max(StageMeasuring.Passes.Seconds, SecondsPerPoint * points),
                Least = LeastPasses,
            },
            new RunListener { Note = listener.Note, Measuring = listener.Measuring },
            stop
        );
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
