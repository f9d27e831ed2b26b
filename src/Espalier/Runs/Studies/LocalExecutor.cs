using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Watching;
using Espalier.Tensors;
using Espalier.Training;
using Espalier.Training.Collective;

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
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    // Another machine may see a shared disk as it was a minute ago.
    static readonly TimeSpan Late = TimeSpan.FromSeconds(90);

    readonly List<(Task Work, int Threads)> _running = [];

    /// <summary>
    /// Those that make each stage together with this process, which is their first and alone stores what is made; the others
    /// <see cref="Follow"/>. Null: this process alone. Stages are made one after another then.
    /// </summary>
    public Communicator? Processes { get; init; }

    public Task<StoredAction>? TryBegin(
        PlannedStage stage,
        StoredAction? input,
        int ready,
        StudyListener listener,
        CancellationToken stop
    )
    {
        _running.RemoveAll(r => r.Work.IsCompleted);
        int slots = (Processes is null ? Math.Min(jobs, threads) : 1) - _running.Count;
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
        StudyListener told = listener with
        {
            Training = (_, progress) =>
            {
                diary.Add(progress);
                listener.Training?.Invoke(stage, progress);
            },
        };
        Processes?.Announce(stage.Key.Hex);
        Model made;
        try
        {
            made = Make(stage, input, share, told, stop);
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

    public void Close()
    {
        if (Processes is { IsFirst: true } all)
        {
            all.Announce(null);
        }
    }

    /// <summary>Makes what the first process announces, and stores nothing, until there is no more.</summary>
    /// <param name="plan">The first process' too.</param>
    public void Follow(StudyPlan plan, CancellationToken stop)
    {
        while (Processes!.Await(stop) is { } key)
        {
            PlannedStage stage =
                plan.Stages.FirstOrDefault(s => s.Key.Hex == key)
                ?? throw new LostProcessException(
                    $"Process 0 makes a stage {key} that is not of this plan; all need the same command."
                );
            try
            {
                Make(stage, Input(stage, stop), threads, new StudyListener(), stop);
            }
            catch (Exception e)
                when (e is DivergedException or InvalidDataException or ArgumentException)
            {
                // It fails in the first process as well, which tells why; or that one has ended, and so does this.
            }
        }
    }

    StoredAction? Input(PlannedStage stage, CancellationToken stop)
    {
        if (stage.Parent is not { } parent)
        {
            return null;
        }

        for (TimeSpan waited = default; waited < Late; waited += Look)
        {
            if (store.TryRead(parent) is { } action)
            {
                return action;
            }

            stop.WaitHandle.WaitOne(Look);
            stop.ThrowIfCancellationRequested();
        }

        string problem =
            $"{store.Folder}: what {stage} begins with is not there; all processes need the same store.";
        Processes!.Fail(problem);
        throw new LostProcessException(problem);
    }

    /// <summary>All processes make the same, and see that it is.</summary>
    Model Make(
        PlannedStage stage,
        StoredAction? input,
        int share,
        StudyListener listener,
        CancellationToken stop
    )
    {
        try
        {
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
                // What only one may write.
                Checkpoint = Processes is { IsFirst: false }
                    ? null
                    : store.Checkpoint(stage.Key, listener.Note),
                TeacherBytes = teacherBytes,
                Report = progress => listener.Training?.Invoke(stage, progress),
                Note = listener.Note,
                Time = time,
                Stop = stop,
                Processes = Processes,
            };
            Model made = StageMaking.Make(model, stage.Operator, stage.Key, recipe.Seed, context);
            Processes?.Conclude(HashOf(made));
            return made;
        }
        catch (Exception e) when (Processes is not null && e is not LostProcessException)
        {
            Processes.Fail(e.Message);
            throw;
        }
    }

    static byte[] HashOf(Model made)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in made.Parameters.Names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(made.Parameters[name].Span));
        }

        return hash.GetHashAndReset();
    }
}
