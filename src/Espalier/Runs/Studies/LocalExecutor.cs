using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Watching;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Runs.Studies;

/// <summary>
/// Makes stages in this process, several at once on one thread each where there are so many: a stage's bytes do not depend on
/// its threads, and two trainings on a core each take less time than one after the other on two.
/// </summary>
/// <param name="threads">For all stages together.</param>
/// <param name="jobs">Most stages at once.</param>
/// <param name="teacherBytes">As <see cref="OperatorContext.TeacherBytes"/>, of each stage.</param>
public sealed class LocalExecutor(
    Store store,
    KernelFamily kernels,
    EncodedTasks tasks,
    MachineTurn turn,
    int threads,
    int jobs,
    TimeProvider time,
    long teacherBytes = OperatorContext.UsualTeacherBytes
) : IExecutor
{
    readonly List<(Task Work, int Threads)> _running = [];

    public Task<StoredAction>? TryBegin(
        PlannedStage stage,
        StoredAction? input,
        int ready,
        StudyListener listener,
        CancellationToken stop
    )
    {
        _running.RemoveAll(r => r.Work.IsCompleted);
        int slots = Math.Min(jobs, threads) - _running.Count;
        if (slots < 1 || Lease.Try(store, stage.Key, time) is not { } held)
        {
            return null;
        }

        int free = threads - _running.Sum(r => r.Threads),
            share = Math.Max(1, free / Math.Min(slots, ready));
        Task<StoredAction> work = Task.Factory.StartNew(
            () => Work(stage, input, share, held, listener, stop),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        _running.Add((work, share));
        return work;
    }

    StoredAction Work(
        PlannedStage stage,
        StoredAction? input,
        int share,
        IDisposable held,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using IDisposable mine = held;

        // Another process may have made it between our look and our lock.
        if (store.TryRead(stage.Key) is { } before && store.IsWhole(before))
        {
            return before;
        }

        using IDisposable training = turn.ToWork(stop);
        using StageDiary diary = new(store, stage, time);
        listener.Stage?.Invoke(stage, StageState.Began);
        long began = time.GetTimestamp();
        Recipe recipe = stage.Recipe;
        using Workers workers = new(share);
        Model model = input is null
            ? StageMaking.Original(recipe, listener.Note)
            : StageMaking.Load(store, input);
        OperatorContext context = new(
            tasks.For(recipe, model),
            recipe.Training,
            new Rng(recipe.Seed),
            workers,
            kernels
        )
        {
            Checkpoint = store.Checkpoint(stage.Key, listener.Note),
            TeacherBytes = teacherBytes,
            Report = progress =>
            {
                diary.Add(progress);
                listener.Training?.Invoke(stage, progress);
            },
            Note = listener.Note,
            Time = time,
            Stop = stop,
        };
        Model made;
        try
        {
            made = StageMaking.Make(model, stage.Operator, stage.Key, recipe.Seed, context);
        }
        catch (DivergedException e)
        {
            // What the training saved stays: the reason names it.
            diary.Failed(e.Message);
            return store.Put(stage.Describe(ActionKind.Failure) with { Why = e.Message });
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            diary.Failed(e.Message);
            throw;
        }

        StoredAction action = store.Put(
            stage.Describe(ActionKind.Stage) with
            {
                Seconds = time.GetElapsedTime(began).TotalSeconds,
                Threads = share,
            },
            folder => ModelFolder.Write(made, folder, made.Tokenizer!.Files(), DType.F32)
        );
        store.CleanUp(stage.Key);
        diary.Done();
        return action;
    }
}
