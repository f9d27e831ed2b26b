using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Training;

namespace Espalier.Runs.Studies;

/// <summary>Tasks × pipelines × seeds, read and checked. docs/study-json.md describes the file.</summary>
public sealed record StudyRecipe
{
    /// <summary>Version of the file; grows when a field changes its meaning or goes away.</summary>
    public const int Version = 1;

    /// <summary>What the store knows the study by.</summary>
    public required string Name { get; init; }
    public required string ModelFolder { get; init; }
    public required IReadOnlyList<TaskData> Tasks { get; init; }
    public required IReadOnlyList<Pipeline> Pipelines { get; init; }
    public required IReadOnlyList<ulong> Seeds { get; init; }
    public required TrainingOptions Training { get; init; }

    /// <summary>Of float products in training; times are taken with the kernels' own.</summary>
    public string Precision { get; init; } = KernelFamily.Precisions[0];
    public int MaxLength { get; init; } = 128;
    public IReadOnlyList<int> Batches { get; init; } = [1];

    /// <summary>Points of the curve of a model with exits.</summary>
    public EffortGrid Efforts { get; init; } = new(6);

    /// <summary>Thresholds at which quality is told without time; 0: none.</summary>
    public int Curve { get; init; } = MeasuringOptions.DensePoints;

    /// <summary>At which models with exits stand in the table.</summary>
    public Effort Effort { get; init; } = new(ExitRule.Confidence, 0.9);

    /// <summary>Whether models are measured on the validation split, which every task must have then.</summary>
    public bool OnValidation { get; init; }

    /// <summary>One cell: one pipeline on one task with one seed, and every stage on the way measured.</summary>
    public static StudyRecipe OfRun(
        Pipeline pipeline,
        TaskData data,
        string modelFolder,
        TrainingOptions training,
        ulong seed
    ) =>
        new()
        {
            Name = "run",
            ModelFolder = modelFolder,
            Tasks = [data],
            Pipelines = [.. Enumerable.Range(1, pipeline.Operators.Length).Select(pipeline.Prefix)],
            Seeds = [seed],
            Training = training,
        };

    /// <param name="kernels">Name of the family that trains; it decides the bytes.</param>
    public StudyPlan Plan(string kernels)
    {
        string model = ContentHash.Of(ModelFolder);
        List<StudyCell> cells = [];
        foreach (TaskData data in Tasks)
        {
            string hash = data.ContentHash();
            foreach (ulong seed in Seeds)
            {
                Recipe recipe = new(Pipelines[0], data, ModelFolder, Training, seed)
                {
                    MaxLength = MaxLength,
                    Effort = Effort,
                    OnValidation = OnValidation,
                };
                cells.Add(new StudyCell(recipe, StageKey.Of(recipe, kernels, model, hash)));
            }
        }

        return StudyPlan.Of(cells, Pipelines, Batches);
    }
}
