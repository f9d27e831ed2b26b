using Espalier.Operators;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>One operator on one known input, for one task and seed.</summary>
/// <param name="Parent">The stage whose model goes in; null: the original.</param>
/// <param name="Pipeline">The operators so far.</param>
public sealed record PlannedStage(StageKey Key, StageKey? Parent, Recipe Recipe, Pipeline Pipeline)
{
    public Operator Operator => Pipeline.Operators[^1];

    /// <summary>What the store is to say of it, but for what came out.</summary>
    internal StoredAction Describe(ActionKind kind) =>
        new()
        {
            Kind = kind,
            Key = Key.Hex,
            Pipeline = $"{Pipeline}",
            Task = Recipe.Data.Task.Name,
            Seed = Recipe.Seed,
            Inputs = Parent is { } parent ? [parent.Hex] : [],
        };

    public override string ToString() =>
        $"{Pipeline} of {Recipe.Data.Task.Name}, seed {Recipe.Seed}";
}

/// <summary>Models of one task and seed that are measured side by side.</summary>
public sealed record PlannedGroup(Recipe Recipe, IReadOnlyList<PlannedStage> Models);

/// <summary>A task with a seed: what a pipeline is applied to.</summary>
/// <param name="Root">Key of the original with the data.</param>
public sealed record StudyCell(Recipe Recipe, StageKey Root);

/// <summary>
/// The stages of a study, each once however many pipelines begin with it, inputs first; and what is measured together.
/// </summary>
public sealed record StudyPlan(
    IReadOnlyList<PlannedStage> Stages,
    IReadOnlyList<PlannedGroup> Groups
)
{
    /// <param name="batches">Sizes at which time is measured; each makes a group of its own.</param>
    public static StudyPlan Of(
        IReadOnlyList<StudyCell> cells,
        IReadOnlyList<Pipeline> pipelines,
        IReadOnlyList<int> batches
    )
    {
        List<PlannedStage> stages = [];
        List<PlannedGroup> groups = [];
        foreach (StudyCell cell in cells)
        {
            Dictionary<(StageKey, Operator), PlannedStage> known = [];
            List<PlannedStage> models = [];
            foreach (Pipeline pipeline in WithBases(pipelines))
            {
                PlannedStage? last = null;
                for (int i = 0; i < pipeline.Operators.Length; i++)
                {
                    (StageKey Parent, Operator Next) step = (
                        last?.Key ?? cell.Root,
                        pipeline.Operators[i]
                    );
                    if (!known.TryGetValue(step, out PlannedStage? stage))
                    {
                        stage = new PlannedStage(
                            step.Parent.Then(step.Next),
                            last?.Key,
                            cell.Recipe with
                            {
                                Pipeline = pipeline,
                            },
                            pipeline.Prefix(i + 1)
                        );
                        known.Add(step, stage);
                        stages.Add(stage);
                    }

                    last = stage;
                }

                if (!models.Contains(last!))
                {
                    models.Add(last!);
                }
            }

            groups.AddRange(
                batches.Select(batch => new PlannedGroup(
                    cell.Recipe with
                    {
                        BatchSize = batch,
                    },
                    models
                ))
            );
        }

        return new StudyPlan(stages, groups);
    }

    /// <summary>Each pipeline with the fine-tuned original that it begins with, which every figure is compared to.</summary>
    static IEnumerable<Pipeline> WithBases(IReadOnlyList<Pipeline> pipelines) =>
        pipelines.Select(p => p.Prefix(1)).Concat(pipelines);
}
