using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What a study ended with.</summary>
/// <param name="Measurements">Everything that could be measured.</param>
/// <param name="Failures">Stages that could not be made, and those behind them.</param>
public sealed record StudyOutcome(
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<StageFailure> Failures
);

/// <summary>
/// A recipe with the store that its work lies in. Running it again goes on where the last call stopped, whatever stopped it;
/// several processes may run it at once.
/// </summary>
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
    public StudyPlan Plan { get; } = recipe.Plan(kernels.Name);

    /// <param name="jobs">Most stages that train at once.</param>
    public StudyOutcome Run(
        int jobs,
        MachineTurn turn,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using IDisposable use = FileLock.Take(
            Store.UseLock,
            shared: true,
            () => listener.Note?.Invoke("Waiting: garbage of the store is being removed."),
            stop
        );
        StudyRecord.Of(Recipe, Plan).Write(Store);
        StudyModels models = new(Store, kernels, time);
        var (done, failures) = new StudyExecutor(Store, models, turn, machine.Threads, jobs).Run(
            Plan,
            listener,
            stop
        );
        StudyMeasuring measuring = new(Store, models, turn, kernels, machine, time);
        List<Measurement> measurements = [];
        foreach (
            PlannedGroup group in Plan.Groups.Where(g => g.Models.Any(m => done.ContainsKey(m.Key)))
        )
        {
            stop.ThrowIfCancellationRequested();
            measurements.AddRange(
                StudyResults.Read(
                    Store,
                    measuring.Measure(group, done, Recipe.Efforts, listener, stop)
                )
            );
        }

        return new StudyOutcome(measurements, failures);
    }

    /// <summary>Whether the models of a group were measured on this machine, all of them.</summary>
    public bool IsMeasured(PlannedGroup group) =>
        Store.TryRead(StudyMeasuring.KeyOf(group, group.Models, Recipe.Efforts, machine))
            is not null;
}
