using Espalier.Runs.Storage;
using Espalier.Training;

namespace Espalier.Runs.Studies;

/// <summary>A stage that could not be made, and why.</summary>
/// <param name="Diverged">Its training did; else the operator refused the model or the data.</param>
public sealed record StageFailure(PlannedStage Stage, string Why, bool Diverged);

/// <summary>
/// Makes the stages that a store lacks, several at once on one thread each where there are so many: a stage's bytes do not
/// depend on its threads, and two trainings on a core each take less time than one after the other on two.
/// </summary>
/// <param name="threads">For all stages together.</param>
/// <param name="jobs">Most stages at once.</param>
public sealed class StudyExecutor(
    Store store,
    StudyModels models,
    MachineTurn turn,
    int threads,
    int jobs
)
{
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    readonly Dictionary<StageKey, StoredAction> _done = [];
    readonly List<StageFailure> _failures = [];
    readonly List<Running> _running = [];
    readonly List<PlannedStage> _waiting = [];

    sealed record Running(PlannedStage Stage, int Threads, Task<StoredAction> Work);

    /// <returns>Every stage that is done afterwards, and those that failed.</returns>
    public (
        IReadOnlyDictionary<StageKey, StoredAction> Done,
        IReadOnlyList<StageFailure> Failures
    ) Run(StudyPlan plan, StudyListener listener, CancellationToken stop)
    {
        Sort(plan, listener);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(
            stop
        );
        try
        {
            while (_waiting.Count + _running.Count > 0)
            {
                stop.ThrowIfCancellationRequested();
                SkipDependants(listener);
                Start(listener, ending.Token);
                if (_running.Count > 0)
                {
                    Task.WaitAny([.. _running.Select(r => r.Work)], LookAgain);
                }
                else if (_waiting.Count > 0)
                {
                    stop.WaitHandle.WaitOne(LookAgain); // another process makes what is missing
                }

                Collect(listener);
            }
        }
        catch
        {
            // Trainings save themselves; the next call goes on from there.
            ending.Cancel();
            foreach (Running running in _running)
            {
                ((IAsyncResult)running.Work).AsyncWaitHandle.WaitOne();
            }

            throw;
        }

        return (_done, _failures);
    }

    /// <summary>What is there and whole need not be made.</summary>
    void Sort(StudyPlan plan, StudyListener listener)
    {
        foreach (PlannedStage stage in plan.Stages)
        {
            StoredAction? action = store.TryRead(
                stage.Key,
                $"{stage.Pipeline} of {stage.Recipe.Data.Task.Name}, seed {stage.Recipe.Seed},",
                listener.Note
            );
            if (action is null)
            {
                _waiting.Add(stage);
            }
            else if (action.Kind == ActionKind.Failure)
            {
                _failures.Add(new StageFailure(stage, action.Why ?? "unknown", true));
                listener.Stage?.Invoke(stage, StageState.Failed);
            }
            else
            {
                _done.Add(stage.Key, action);
                store.CleanUp(stage.Key); // a process may have been killed before it did
            }
        }
    }

    void SkipDependants(StudyListener listener)
    {
        for (int i = 0; i < _waiting.Count; )
        {
            PlannedStage stage = _waiting[i];
            if (_failures.FirstOrDefault(f => f.Stage.Key == stage.Parent) is { } failed)
            {
                _waiting.RemoveAt(i);
                _failures.Add(failed with { Stage = stage });
                listener.Stage?.Invoke(stage, StageState.Skipped);
            }
            else
            {
                i++;
            }
        }
    }

    void Start(StudyListener listener, CancellationToken stop)
    {
        PlannedStage[] ready =
        [
            .. _waiting.Where(s => s.Parent is null || _done.ContainsKey(s.Parent)),
        ];
        for (int i = 0; i < ready.Length && _running.Count < Math.Min(jobs, threads); i++)
        {
            PlannedStage stage = ready[i];
            if (FileLock.Try(store.LockOf(stage.Key)) is not { } held)
            {
                if (store.TryRead(stage.Key) is { } made)
                {
                    Settle(stage, made, listener);
                }

                continue;
            }

            int free = threads - _running.Sum(r => r.Threads),
                slots = Math.Min(Math.Min(jobs, threads) - _running.Count, ready.Length - i),
                share = Math.Max(1, free / slots);
            StoredAction? parent = stage.Parent is { } key ? _done[key] : null;
            _waiting.Remove(stage);
            Task<StoredAction> work = Task.Factory.StartNew(
                () => Work(stage, parent, share, held, listener, stop),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            _running.Add(new Running(stage, share, work));
        }
    }

    StoredAction Work(
        PlannedStage stage,
        StoredAction? parent,
        int share,
        IDisposable held,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using (held)
        {
            // Another process may have made it between our look and our lock.
            if (store.TryRead(stage.Key) is { } made && store.IsWhole(made))
            {
                return made;
            }

            using IDisposable training = turn.ToWork(stop);
            listener.Stage?.Invoke(stage, StageState.Began);
            try
            {
                return models.Make(stage, parent, share, listener, stop);
            }
            catch (DivergedException e)
            {
                return models.Fail(stage, e.Message);
            }
        }
    }

    void Collect(StudyListener listener)
    {
        foreach (Running ended in _running.Where(r => r.Work.IsCompleted).ToArray())
        {
            _running.Remove(ended);
            try
            {
                Settle(ended.Stage, ended.Work.GetAwaiter().GetResult(), listener);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException)
            {
                _failures.Add(new StageFailure(ended.Stage, e.Message, false));
                listener.Stage?.Invoke(ended.Stage, StageState.Failed);
            }
        }
    }

    void Settle(PlannedStage stage, StoredAction action, StudyListener listener)
    {
        _waiting.Remove(stage);
        if (action.Kind == ActionKind.Failure)
        {
            _failures.Add(new StageFailure(stage, action.Why ?? "unknown", true));
            listener.Stage?.Invoke(stage, StageState.Failed);
        }
        else
        {
            _done.Add(stage.Key, action);
            listener.Stage?.Invoke(stage, StageState.Done);
        }
    }
}
