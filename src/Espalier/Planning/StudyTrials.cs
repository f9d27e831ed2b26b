using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Planning;

/// <summary>
/// Trials that really train: each is a study of all pipelines so far over one store, so that what is there is read, and all
/// models are measured side by side.
/// </summary>
/// <param name="recipe">Of one task; its pipelines are replaced by those that are tried.</param>
public sealed class StudyTrials(
    StudyRecipe recipe,
    Store store,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time,
    int jobs,
    long teacherBytes = OperatorContext.UsualTeacherBytes
)
{
    readonly HashSet<StageKey> _trained = [];

    /// <inheritdoc cref="LocalExecutor.Processes"/>
    public Communicator? Processes { get; init; }

    /// <summary>The last one, which holds all pipelines that were tried.</summary>
    public StudyOutcome? Last { get; private set; }

    /// <summary>Models trained in this call, of all seeds.</summary>
    public int Trained => _trained.Count;

    public Study StudyOf(IReadOnlyList<string> pipelines) =>
        new(
            recipe with
            {
                Pipelines = [.. pipelines.Select(Pipeline.Parse)],
            },
            store,
            kernels,
            machine,
            time
        );

    /// <exception cref="DivergedException">The original's training did; everything builds on it.</exception>
    public Tried Try(
        IReadOnlyList<string> pipelines,
        MachineTurn turn,
        Func<Study, StudyListener> listen,
        CancellationToken stop
    )
    {
        Study study = StudyOf(pipelines);
        StudyOutcome outcome = study.Run(
            new OneOfMany(study.Here(jobs, turn, teacherBytes, Processes)),
            turn,
            listen(study),
            stop
        );
        Last = outcome;
        _trained.UnionWith(
            outcome
                .Stages.Where(s => !s.FromStore && s.Stage.Operator.Trains)
                .Select(s => s.Stage.Key)
        );
        if (outcome.Failures.FirstOrDefault(f => f.Stage.Operator.IsOriginal) is { } original)
        {
            throw original.AsException();
        }

        FailedTrial[] failed =
        [
            .. outcome.Failures.Select(f => new FailedTrial($"{f.Stage.Pipeline}", f.Why)),
        ];
        // A pipeline that failed with one seed has no mean over seeds.
        return new Tried(
            [
                .. outcome.Measurements.Where(m =>
                    failed.All(f => !Trainings.Begins(m.Pipeline, f.Pipeline))
                ),
            ],
            failed
        );
    }

    /// <summary>A model of the last trial as a folder by itself, so that the store may go.</summary>
    public string Export(string pipeline, ulong seed, string folder)
    {
        PlannedStage stage = Last!
            .Stages.Select(s => s.Stage)
            .First(s => s.Recipe.Seed == seed && $"{s.Pipeline}" == pipeline);
        store.Export(store.TryRead(stage.Key)!, folder);
        return folder;
    }

    /// <summary>Not closed with a trial: whoever trains along with it waits for the next.</summary>
    sealed class OneOfMany(IExecutor executor) : IExecutor
    {
        public Task<StoredAction>? TryBegin(
            PlannedStage stage,
            StoredAction? input,
            int ready,
            StudyListener listener,
            CancellationToken stop
        ) => executor.TryBegin(stage, input, ready, listener, stop);
    }
}
