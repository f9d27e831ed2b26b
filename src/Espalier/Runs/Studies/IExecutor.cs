using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>
/// Where stages are made: in this process, or on machines that a cluster lends. <see cref="StageScheduler"/> knows what comes
/// after what; an executor is offered one stage whose input is stored, and stores what it gives.
/// </summary>
/// <remarks>
/// What an implementation promises:
/// <list type="bullet">
/// <item>The bytes follow from the stage's key alone (<see cref="StageMaking.Make"/> gives them), whatever machine, threads or
/// neighbours; its kernels are those that the key was made with.</item>
/// <item>When the task ends, the action is in the study's store by <see cref="Store.Put"/>, which is the only sign that a stage is
/// finished. A training that diverges is stored as a failure.</item>
/// <item>A refusal ends the task with <see cref="InvalidDataException"/> or <see cref="ArgumentException"/>, which fails this stage
/// and what builds on it; any other exception ends the study.</item>
/// <item>A stage is made under a <see cref="Lease"/>, so that no two processes work on the same, and saves itself at
/// <see cref="Store.Checkpoint"/>. Cancelled, it saves itself before the task ends.</item>
/// </list>
/// </remarks>
public interface IExecutor
{
    /// <summary>Begins a stage and does not wait for it.</summary>
    /// <param name="input">The model that goes in; null: the original.</param>
    /// <param name="ready">Stages that could begin now, this one among them: what there is is shared by so many.</param>
    /// <param name="listener">Is told of it from any thread.</param>
    /// <returns>Null where there is no room now or another process makes it; it is offered again.</returns>
    Task<StoredAction>? TryBegin(
        PlannedStage stage,
        StoredAction? input,
        int ready,
        StudyListener listener,
        CancellationToken stop
    );

    /// <summary>No more stages come; whoever waited for some may go.</summary>
    void Close() { }
}
