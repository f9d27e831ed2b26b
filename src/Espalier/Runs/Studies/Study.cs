using System.Text;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Watching;
using Espalier.Training.Collective;

namespace Espalier.Runs.Studies;

/// <summary>What a study ended with.</summary>
/// <param name="Measurements">Everything that could be measured.</param>
/// <param name="Failures">Stages that could not be made, and those behind them.</param>
/// <param name="Stages">Those that are done, in the order of the plan.</param>
public sealed record StudyOutcome(
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<StageFailure> Failures,
    IReadOnlyList<StageTime> Stages
)
{
    /// <summary>Quality at many more efforts than time was taken at.</summary>
    public IReadOnlyList<QualityCurve> Curves { get; init; } = [];

    /// <summary>What every model said to every example, for each task and seed.</summary>
    public IReadOnlyList<StoredAnswers> Answers { get; init; } = [];
}

/// <param name="Seconds">What the stage took when it was made, beside whatever else was made then.</param>
/// <param name="FromStore">It was there before this call.</param>
public sealed record StageTime(PlannedStage Stage, double Seconds, bool FromStore);

/// <summary>
/// A recipe with the store that its work lies in. Running it again goes on where the last call stopped, whatever stopped it;
/// several processes may run it at once.
/// </summary>
/// <param name="kernels">Those that are measured; training uses them in the recipe's precision.</param>
/// <exception cref="ArgumentException">The kernels lack the precision that the recipe asks for.</exception>
public sealed class Study(
    StudyRecipe recipe,
    Store store,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time
)
{
    readonly KernelFamily _training = kernels.In(recipe.Precision);
    readonly EncodedTasks _tasks = new();

    public StudyRecipe Recipe { get; } = recipe;
    public Store Store { get; } = store;
    public StudyPlan Plan { get; } = recipe.Plan(kernels.In(recipe.Precision).Name);

    /// <summary>Name of the family that is measured.</summary>
    public string Kernels { get; } = kernels.Name;

    /// <summary>Name of the family that trains.</summary>
    public string TrainingKernels => _training.Name;

    /// <summary>Makes stages in this process.</summary>
    /// <param name="jobs">Most at once.</param>
    /// <param name="teacherBytes">As <see cref="OperatorContext.TeacherBytes"/>, of each stage.</param>
    /// <param name="processes">As <see cref="LocalExecutor.Processes"/>.</param>
    public LocalExecutor Here(
        int jobs,
        MachineTurn turn,
        long teacherBytes = OperatorContext.UsualTeacherBytes,
        Communicator? processes = null
    ) =>
        new(
            Store,
            _training,
            _tasks,
            turn,
            Math.Max(1, machine.Threads / (processes is { IsHere: true } ? processes.Size : 1)),
            jobs,
            time,
            teacherBytes
        )
        {
            Processes = processes,
        };

    /// <summary>What processes that make the stages together must all have in common.</summary>
    public string Purpose =>
        $"{typeof(Study).Assembly.GetName().Version} {Blobs.Hash(Encoding.UTF8.GetBytes(string.Join(' ', Plan.Stages.Select(s => s.Key.Hex))))}";

    public StudyOutcome Run(
        IExecutor executor,
        MachineTurn turn,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using IDisposable use = Enter(listener, stop);
        using StudyDiary diary = Diary();
        listener = diary.With(listener);
        MadeStages made = Make(executor, listener, stop);
        StudyMeasuring measuring = Measurer(turn);
        StudyOutcome outcome = Outcome(
            made,
            group =>
            {
                stop.ThrowIfCancellationRequested();
                return measuring.Measure(group, made, listener, stop);
            }
        );
        diary.Ended(made.Failures);
        return outcome;
    }

    /// <summary>What the store holds of it, whatever machines made it, once it holds all.</summary>
    /// <param name="kind">Identity of the machines whose times are taken: those of two kinds are never compared.</param>
    public StudyOutcome Collect(string kind)
    {
        Dictionary<StageKey, StoredAction> done = [];
        List<StageFailure> failures = [];
        foreach (PlannedStage stage in Plan.Stages)
        {
            if (failures.FirstOrDefault(f => f.Stage.Key == stage.Parent) is { } before)
            {
                failures.Add(before with { Stage = stage });
            }
            else if (Store.TryRead(stage.Key) is { } action)
            {
                if (action.Kind == ActionKind.Failure)
                {
                    failures.Add(new StageFailure(stage, action.Why ?? "unknown", true));
                }
                else
                {
                    done.Add(stage.Key, action);
                }
            }
        }

        MadeStages made = new(done, done.Keys.ToHashSet(), failures);
        IReadOnlyList<StoredAction> all = Store.Actions();
        return Outcome(
            made,
            group =>
                StudyMeasuring
                    .Of(group.Models.Select(m => m.Key.Hex), StudyMeasuring.How(group, Recipe), all)
                    .Where(a => a.Machine == kind)
                    .MaxBy(a => a.Inputs.Count)!
        );
    }

    StudyOutcome Outcome(MadeStages made, Func<PlannedGroup, StoredAction> measure)
    {
        List<Measurement> measurements = [];
        List<QualityCurve> curves = [];
        List<StoredAnswers> answers = [];
        foreach (
            PlannedGroup group in Plan.Groups.Where(g =>
                g.Models.Any(m => made.Done.ContainsKey(m.Key))
            )
        )
        {
            StoredAction action = measure(group);
            measurements.AddRange(StudyResults.Read(Store, action));

            // What is said does not depend on how much is handed over at once.
            if (group.Recipe.BatchSize == Recipe.Batches[0])
            {
                curves.AddRange(StudyResults.Curves(Store, action));
                answers.Add(StudyResults.Answers(Store, action));
            }
        }

        return new StudyOutcome(
            measurements,
            made.Failures,
            [
                .. Plan
                    .Stages.Where(s => made.Done.ContainsKey(s.Key))
                    .Select(s => new StageTime(
                        s,
                        made.Done[s.Key].Seconds,
                        made.Found.Contains(s.Key)
                    )),
            ]
        )
        {
            Curves = curves,
            Answers = answers,
        };
    }

    /// <summary>Whether the models of a group were measured on this machine, all of them.</summary>
    public bool IsMeasured(PlannedGroup group) =>
        Store.TryRead(StudyMeasuring.KeyOf(group, group.Models, Recipe, machine)) is not null;

    /// <summary>The store for use, as long as the result is held: nobody removes anything from it.</summary>
    internal IDisposable Enter(StudyListener listener, CancellationToken stop)
    {
        Store.CleanIfAlone();
        IDisposable use = FileLock.Take(
            Store.UseLock,
            shared: true,
            () => listener.Note?.Invoke("Waiting: garbage of the store is being removed."),
            stop
        );
        Store.CheckRoom(StudyRecord.FileName(Recipe.Name, TrainingKernels));
        return use;
    }

    /// <summary>What the store lacks of the plan is made, and garbage collection knows of all of it.</summary>
    /// <param name="done">Is told of every stage that is done, of those that were there before too.</param>
    internal MadeStages Make(
        IExecutor executor,
        StudyListener listener,
        CancellationToken stop,
        Action<PlannedStage, StoredAction>? done = null
    )
    {
        Record();
        MadeStages made = new StageScheduler(Store, executor, listener, done).Run(Plan, stop);
        executor.Close();
        Record(made.Done.Keys);
        return made;
    }

    /// <param name="group">Null: all of it is run.</param>
    internal StudyDiary Diary(GraphItem? group = null) =>
        new(Store, Recipe.Name, TrainingKernels, machine.Threads, time, group);

    /// <summary>The store knows from then on which stages are wanted, and which of them there are.</summary>
    internal void Record(IEnumerable<StageKey>? done = null) =>
        StudyRecord
            .Of(
                Recipe,
                TrainingKernels,
                Plan,
                done
                    ?? Plan.Stages.Select(s => s.Key)
                        .Where(k => Store.TryRead(k) is { Kind: ActionKind.Stage })
            )
            .Write(Store);

    internal StudyMeasuring Measurer(MachineTurn turn) =>
        new(Recipe, Store, Measuring, turn, machine, time);

    internal StageMeasuring Measuring => new(Store, _tasks, kernels, machine, time);
}
