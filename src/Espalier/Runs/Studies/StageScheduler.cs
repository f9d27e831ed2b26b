using Espalier.Runs.Storage;
using Espalier.Training;

namespace Espalier.Runs.Studies;

/// <summary>A stage that could not be made, and why.</summary>
/// <param name="Diverged">Its training did; else the operator refused the model or the data.</param>
public sealed record StageFailure(PlannedStage Stage, string Why, bool Diverged)
{
    /// <summary>For whom nothing is worth anything without the stage.</summary>
    public Exception AsException() =>
        Diverged ? new DivergedException(Why) : new InvalidDataException(Why);
}

/// <summary>What became of the stages of a plan.</summary>
/// <param name="Done">Every stage that is done now.</param>
/// <param name="Found">Those that were there before.</param>
public sealed record MadeStages(
    IReadOnlyDictionary<StageKey, StoredAction> Done,
    IReadOnlySet<StageKey> Found,
    IReadOnlyList<StageFailure> Failures
);

/// <summary>Has an executor make the stages that a store lacks, each as soon as what goes in is there.</summary>
/// <param name="done">Is told of every stage that is done, of those that were there before too.</param>
public sealed class StageScheduler(
    Store store,
    IExecutor executor,
    StudyListener listener,
    Action<PlannedStage, StoredAction>? done = null
)
{
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    readonly Dictionary<StageKey, StoredAction> _done = [];
    readonly HashSet<StageKey> _found = [];
    readonly List<StageFailure> _failures = [];
    readonly List<(PlannedStage Stage, Task<StoredAction> Work)> _running = [];
    readonly List<PlannedStage> _waiting = [];

    public MadeStages Run(StudyPlan plan, CancellationToken stop)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(
            stop
        );
        try
        {
            Sort(plan);
            while (_waiting.Count + _running.Count > 0)
            {
                stop.ThrowIfCancellationRequested();
                SkipDependants();
                Start(ending.Token);
                if (_running.Count > 0)
                {
                    Task.WaitAny([.. _running.Select(r => r.Work)], LookAgain);
                }
                else if (_waiting.Count > 0)
                {
                    stop.WaitHandle.WaitOne(LookAgain); // another process makes what is missing
                }

                Collect();
            }
        }
        catch
        {
            // Trainings save themselves; the next call goes on from there.
            ending.Cancel();
            foreach (var (_, work) in _running)
            {
                ((IAsyncResult)work).AsyncWaitHandle.WaitOne();
            }

            throw;
        }

        return new MadeStages(_done, _found, _failures);
    }

    /// <summary>What is there and whole need not be made.</summary>
    void Sort(StudyPlan plan)
    {
        foreach (PlannedStage stage in plan.Stages)
        {
            if (store.TryRead(stage.Key, $"{stage},", listener.Note) is not { } action)
            {
                _waiting.Add(stage);
                continue;
            }

            if (action.Kind == ActionKind.Stage)
            {
                _found.Add(stage.Key);
                store.CleanUp(stage.Key); // a process may have been killed before it did
            }

            Settle(stage, action, StageState.Found);
        }
    }

    void SkipDependants()
    {
        foreach (PlannedStage stage in _waiting.ToArray())
        {
            if (_failures.FirstOrDefault(f => f.Stage.Key == stage.Parent) is { } failed)
            {
                Fail(failed with { Stage = stage }, StageState.Skipped);
            }
        }
    }

    void Start(CancellationToken stop)
    {
        PlannedStage[] ready =
        [
            .. _waiting.Where(s => s.Parent is null || _done.ContainsKey(s.Parent)),
        ];
        for (int i = 0; i < ready.Length; i++)
        {
            PlannedStage stage = ready[i];
            StoredAction? input = stage.Parent is { } parent ? _done[parent] : null;
            if (executor.TryBegin(stage, input, ready.Length - i, listener, stop) is { } work)
            {
                _waiting.Remove(stage);
                _running.Add((stage, work));
            }
            else if (store.TryRead(stage.Key) is { } made)
            {
                Settle(stage, made, StageState.Done);
            }
        }
    }

    void Collect()
    {
        foreach (var ended in _running.Where(r => r.Work.IsCompleted).ToArray())
        {
            _running.Remove(ended);
            try
            {
                Settle(ended.Stage, ended.Work.GetAwaiter().GetResult(), StageState.Done);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException)
            {
                Fail(new StageFailure(ended.Stage, e.Message, false), StageState.Failed);
            }
        }
    }

    void Settle(PlannedStage stage, StoredAction action, StageState state)
    {
        if (action.Kind == ActionKind.Failure)
        {
            Fail(new StageFailure(stage, action.Why ?? "unknown", true), StageState.Failed);
            return;
        }

        _waiting.Remove(stage);
        _done.Add(stage.Key, action);
        done?.Invoke(stage, action);
        listener.Stage?.Invoke(stage, state);
    }

    void Fail(StageFailure failure, StageState state)
    {
        _waiting.Remove(failure.Stage);
        _failures.Add(failure);
        listener.Stage?.Invoke(failure.Stage, state);
    }
}
