using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Runs.Studies;

/// <summary>What became of one item of a study on this machine.</summary>
public enum StageEnd
{
    /// <summary>Made here, now.</summary>
    Made,

    /// <summary>It was in the store.</summary>
    Found,

    /// <summary>Another process, here or elsewhere, works on it.</summary>
    Leased,

    /// <summary>What goes in is not in the store; nothing was done.</summary>
    Missing,

    /// <summary>Its training diverged, or that of what it builds on.</summary>
    Diverged,
}

/// <summary>
/// Makes one item of a study from the store alone and stores it there: what a node of a cluster is asked for. Whatever starts it
/// and however often, nothing is done without its inputs, nothing twice, and no half of it is seen.
/// </summary>
public sealed class StageRun(WrittenStudy written, Store store, int threads, TimeProvider time)
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    readonly Study _study = written.Open(store, threads, time);

    /// <inheritdoc cref="LocalExecutor.Processes"/>
    public Communicator? Processes { get; init; }

    public TrainingOptions Training => _study.Recipe.Training;

    /// <summary>Makes with the others what the first process makes of an item, and stores nothing.</summary>
    public void Follow(MachineTurn turn, long teacherBytes, CancellationToken stop) =>
        _study.Here(1, turn, teacherBytes, Processes).Follow(_study.Plan, stop);

    /// <param name="waits">Whether to wait where another works on it; else that ends the call.</param>
    /// <param name="teacherBytes">As <see cref="OperatorContext.TeacherBytes"/>.</param>
    /// <exception cref="InvalidDataException">The operator refuses the model or the data.</exception>
    public (StageEnd End, string Sentence) Run(
        GraphItem item,
        MachineTurn turn,
        StudyListener listener,
        bool waits,
        long teacherBytes,
        CancellationToken stop
    )
    {
        using IDisposable use = _study.Enter(listener, stop);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            (StageEnd End, string Sentence) end = item.Measures
                ? Measure(item, turn, listener, stop)
                : Make(item, turn, listener, teacherBytes, stop);
            if (end.End != StageEnd.Leased || !waits)
            {
                return end;
            }

            stop.WaitHandle.WaitOne(Look);
        }
    }

    (StageEnd, string) Make(
        GraphItem item,
        MachineTurn turn,
        StudyListener listener,
        long teacherBytes,
        CancellationToken stop
    )
    {
        PlannedStage stage = _study.Plan.Stages.First(s => s.Key.Hex == item.Key);
        if (store.TryRead(stage.Key, $"{stage},", listener.Note) is { } before)
        {
            return Ended(before, StageEnd.Found, "is in the store");
        }

        StoredAction? input = null;
        if (stage.Parent is { } parent)
        {
            input = store.TryRead(parent, $"What {stage} is made of", listener.Note);
            if (input is null)
            {
                return (
                    StageEnd.Missing,
                    $"{stage} ({stage.Key.Short}): its input {parent.Short} is not in the store {store.Folder}; make that first ('espalier stage run {parent.Short} --store {store.Folder}')."
                );
            }

            if (input.Kind == ActionKind.Failure)
            {
                return (
                    StageEnd.Diverged,
                    $"{stage} ({stage.Key.Short}): skipped, as what it builds on diverged: {input.Why}"
                );
            }
        }

        bool began = false;
        StudyListener told = listener with
        {
            Stage = (of, state) =>
            {
                began |= state == StageState.Began;
                listener.Stage?.Invoke(of, state);
            },
        };
        if (
            _study.Here(1, turn, teacherBytes, Processes).TryBegin(stage, input, 1, told, stop)
            is not { } work
        )
        {
            return Leased(item);
        }

        StoredAction made = work.GetAwaiter().GetResult();
        return began
            ? Ended(made, StageEnd.Made, "made")
            : Ended(made, StageEnd.Found, "was made meanwhile");

        (StageEnd, string) Ended(StoredAction action, StageEnd end, string how) =>
            action.Kind == ActionKind.Failure
                ? (StageEnd.Diverged, $"{stage} ({stage.Key.Short}): diverged: {action.Why}")
                : (end, $"{stage} ({stage.Key.Short}): {how}.");
    }

    (StageEnd, string) Measure(
        GraphItem item,
        MachineTurn turn,
        StudyListener listener,
        CancellationToken stop
    )
    {
        PlannedGroup group = _study.Plan.Groups.First(g =>
            StudyMeasuring.NameOf(g, _study.Recipe).Hex == item.Key
        );
        Dictionary<StageKey, StoredAction> done = [];
        HashSet<StageKey> failed = [];
        foreach (PlannedStage stage in _study.Plan.Stages)
        {
            StoredAction? action = store.TryRead(stage.Key);
            if (
                action?.Kind == ActionKind.Failure
                || (stage.Parent is { } parent && failed.Contains(parent))
            )
            {
                failed.Add(stage.Key);
            }
            else if (action is not null)
            {
                done.Add(stage.Key, action);
            }
        }

        PlannedStage[] missing =
        [
            .. group.Models.Where(m => !done.ContainsKey(m.Key) && !failed.Contains(m.Key)),
        ];
        if (missing.Length > 0 || !group.Models.Any(m => done.ContainsKey(m.Key)))
        {
            return missing.Length == 0
                ? (StageEnd.Diverged, $"{item}: all models diverged; there is nothing to measure.")
                : (
                    StageEnd.Missing,
                    $"{item} ({item.Key[..12]}): {missing[0]} and {missing.Length - 1} more of {group.Models.Count} models are not in the store {store.Folder}; make them first."
                );
        }

        StudyMeasuring measuring = _study.Measurer(turn);
        MadeStages made = new(done, done.Keys.ToHashSet(), []);
        bool found = measuring.Find(group, made) is not null;
        if (
            !found
            && measuring.TryMeasure(group, made, listener, () => _study.Diary(item), stop) is null
        )
        {
            return Leased(item);
        }

        return found
            ? (StageEnd.Found, $"{item} ({item.Key[..12]}): measured on such a machine before.")
            : (StageEnd.Made, $"{item} ({item.Key[..12]}): measured.");
    }

    (StageEnd, string) Leased(GraphItem item) =>
        (
            StageEnd.Leased,
            $"{item} ({item.Key[..12]}): {(Lease.OwnerOf(store, item.Key) is { } owner ? $"{owner}" : "another process")} works on it."
        );
}
