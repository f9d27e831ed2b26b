using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Runs.Storage;

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
    public StudyRecipe Recipe { get; } = recipe;
    public Store Store { get; } = store;
    public StudyPlan Plan { get; } = recipe.Plan(kernels.In(recipe.Precision).Name);

    /// <param name="jobs">Most stages that train at once.</param>
    public StudyOutcome Run(
        int jobs,
        MachineTurn turn,
        StudyListener listener,
        CancellationToken stop
    )
    {
        Store.CleanIfAlone();
        using IDisposable use = FileLock.Take(
            Store.UseLock,
            shared: true,
            () => listener.Note?.Invoke("Waiting: garbage of the store is being removed."),
            stop
        );
        KernelFamily training = kernels.In(Recipe.Precision);
        Store.CheckRoom(StudyRecord.FileName(Recipe.Name, training.Name));
        StudyModels models = new(Store, training, time);
        HashSet<StageKey> before =
        [
            .. Plan
                .Stages.Select(s => s.Key)
                .Where(k => Store.TryRead(k) is { Kind: ActionKind.Stage }),
        ];
        StudyRecord.Of(Recipe, training.Name, Plan, before).Write(Store);
        var (done, failures) = new StudyExecutor(Store, models, turn, machine.Threads, jobs).Run(
            Plan,
            listener,
            stop
        );
        StudyRecord.Of(Recipe, training.Name, Plan, done.Keys).Write(Store);
        StudyMeasuring measuring = new(Store, models, turn, kernels, machine, time);
        List<Measurement> measurements = [];
        List<QualityCurve> curves = [];
        List<StoredAnswers> answers = [];
        foreach (
            PlannedGroup group in Plan.Groups.Where(g => g.Models.Any(m => done.ContainsKey(m.Key)))
        )
        {
            stop.ThrowIfCancellationRequested();
            StoredAction action = measuring.Measure(
                group,
                done,
                Recipe.Efforts,
                Recipe.Curve,
                listener,
                stop
            );
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
            failures,
            [
                .. Plan
                    .Stages.Where(s => done.ContainsKey(s.Key))
                    .Select(s => new StageTime(s, done[s.Key].Seconds, before.Contains(s.Key))),
            ]
        )
        {
            Curves = curves,
            Answers = answers,
        };
    }

    /// <summary>Whether the models of a group were measured on this machine, all of them.</summary>
    public bool IsMeasured(PlannedGroup group) =>
        Store.TryRead(
            StudyMeasuring.KeyOf(group, group.Models, Recipe.Efforts, Recipe.Curve, machine)
        )
            is not null;
}
