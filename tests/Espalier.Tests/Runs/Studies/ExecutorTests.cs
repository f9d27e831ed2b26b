using System.Collections.Concurrent;
using Espalier.Kernels;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Tests.Runs.Studies;

/// <summary>The seam through which stages are made.</summary>
public sealed class ExecutorTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Machines_with_stores_of_their_own_make_the_stages_that_this_process_makes()
    {
        string recipe = _toy.Write("""["DEPLQ",{"orders":"EP"}]""");
        Study here = _toy.Open(recipe, "here"),
            there = _toy.Open(recipe, "there");
        _toy.Run(here);
        using Cluster cluster = new(_toy, there);
        StudyOutcome outcome = there.Run(
            cluster,
            _toy.Turn,
            new StudyListener(),
            TestContext.Current.CancellationToken
        );
        Assert.Empty(outcome.Failures);
        Assert.Equal(there.Plan.Stages.Count, cluster.Made.Count);
        Assert.Equal(2, cluster.Made.Select(m => m.Machine).Distinct().Count());
        Assert.Equal(ToyStudy.Results(here), ToyStudy.Results(there));
    }

    [Fact]
    public void What_an_executor_refuses_fails_with_what_builds_on_it_and_the_rest_goes_on()
    {
        Study study = _toy.Open(_toy.Write("""["EL","P"]""", "[1]"));
        IExecutor here = study.Here(2, _toy.Turn);
        ConcurrentBag<string> told = [];
        StudyOutcome outcome = study.Run(
            new Refusing(here, "E"),
            _toy.Turn,
            new StudyListener { Stage = (stage, state) => told.Add($"{stage.Pipeline} {state}") },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(["E", "EL"], outcome.Failures.Select(f => $"{f.Stage.Pipeline}"));
        Assert.All(outcome.Failures, f => Assert.Equal((false, "no"), (f.Diverged, f.Why)));
        Assert.Equal(["O", "P"], outcome.Measurements.Select(m => m.Pipeline).Distinct());
        Assert.Equal(
            ["E Failed", "EL Skipped", "O Began", "O Done", "P Began", "P Done"],
            told.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_study_ends_only_when_its_stages_have_saved_themselves()
    {
        Study study = _toy.Open(_toy.Write("""["E"]""", "[1]"));
        TaskCompletionSource saved = new();
        Saving executor = new(saved.Task);
        using CancellationTokenSource stop = new();
        Task run = Task.Run(
            () => study.Run(executor, _toy.Turn, new StudyListener(), stop.Token),
            CancellationToken.None
        );
        Assert.True(executor.Began.Wait(TimeSpan.FromMinutes(5), Token));
        stop.Cancel();
        Assert.True(executor.Stopped.Wait(TimeSpan.FromMinutes(5), Token));
        Assert.False(run.IsCompleted);
        saved.SetResult();
        Assert.ThrowsAny<OperationCanceledException>(() => run.GetAwaiter().GetResult());
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Two machines that share nothing: the input is sent to one, and what it made is fetched.</summary>
    sealed class Cluster(ToyStudy toy, Study study) : IExecutor, IDisposable
    {
        readonly SemaphoreSlim _machines = new(2);
        readonly ConcurrentQueue<int> _free = new([1, 2]);

        public ConcurrentBag<(int Machine, StageKey Key)> Made { get; } = [];

        public Task<StoredAction>? TryBegin(
            PlannedStage stage,
            StoredAction? input,
            int ready,
            StudyListener listener,
            CancellationToken stop
        ) =>
            _machines.Wait(0, stop)
                ? Task.Run(() => Send(stage, input, listener, stop), stop)
                : null;

        async Task<StoredAction> Send(
            PlannedStage stage,
            StoredAction? input,
            StudyListener listener,
            CancellationToken stop
        )
        {
            Assert.True(_free.TryDequeue(out int machine));
            Store its = Store.Open(toy[$"machine-{machine}"]);
            if (input is not null)
            {
                Copy(study.Store, its, input);
            }

            LocalExecutor there = new(
                its,
                KernelFamily.Best.In(study.Recipe.Precision),
                new EncodedTasks(),
                new MachineTurn(toy[$"machine-{machine}.lock"], null),
                threads: machine,
                jobs: 1,
                TimeProvider.System
            );
            StoredAction made = await there.TryBegin(stage, input, 1, listener, stop)!;
            Made.Add((machine, stage.Key));
            _free.Enqueue(machine);
            _machines.Release();
            return Copy(its, study.Store, made);
        }

        static StoredAction Copy(Store from, Store to, StoredAction action) =>
            to.Put(
                action,
                folder =>
                {
                    foreach (StoredFile file in action.Files)
                    {
                        File.WriteAllBytes(
                            Path.Combine(folder, file.Name),
                            from.Read(action, file.Name)
                        );
                    }
                }
            );

        public void Dispose() => _machines.Dispose();
    }

    sealed class Refusing(IExecutor others, string pipeline) : IExecutor
    {
        public Task<StoredAction>? TryBegin(
            PlannedStage stage,
            StoredAction? input,
            int ready,
            StudyListener listener,
            CancellationToken stop
        ) =>
            $"{stage.Pipeline}" == pipeline
                ? Task.FromException<StoredAction>(new InvalidDataException("no"))
                : others.TryBegin(stage, input, ready, listener, stop);
    }

    /// <summary>Trains until it is stopped, and then takes a while to save itself.</summary>
    sealed class Saving(Task saved) : IExecutor
    {
        public ManualResetEventSlim Began { get; } = new();
        public ManualResetEventSlim Stopped { get; } = new();

        public Task<StoredAction>? TryBegin(
            PlannedStage stage,
            StoredAction? input,
            int ready,
            StudyListener listener,
            CancellationToken stop
        ) =>
            Task.Factory.StartNew<StoredAction>(
                () =>
                {
                    Began.Set();
                    stop.WaitHandle.WaitOne();
                    Stopped.Set();
                    saved.Wait();
                    throw new OperationCanceledException();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
    }
}
