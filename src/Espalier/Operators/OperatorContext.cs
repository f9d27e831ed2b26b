using System.Globalization;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Operators;

/// <summary>What every operator may use: data, threads, chance. The test split is not for operators.</summary>
/// <param name="Task">As the tokenizer of the model sees it.</param>
/// <param name="Rng">Of this stage; its key follows from the seed and the operators before.</param>
public sealed record OperatorContext(
    EncodedTask Task,
    TrainingOptions Training,
    Rng Rng,
    Workers Workers,
    KernelFamily Kernels
)
{
    /// <summary>4 GB.</summary>
    public const long UsualTeacherBytes = 4_000_000_000;

    /// <summary>Where a stage that trains saves itself; null: nowhere.</summary>
    public CheckpointPlace? Checkpoint { get; init; }

    /// <summary>Bytes that what teachers say may take there; nothing that is made depends on it.</summary>
    public long TeacherBytes { get; init; } = UsualTeacherBytes;
    public Action<TrainingProgress>? Report { get; init; }

    /// <summary>A sentence that the user should read.</summary>
    public Action<string>? Note { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public CancellationToken Stop { get; init; }

    /// <summary>Those that make this stage together, all by the same calls; null: this process alone.</summary>
    public Communicator? Processes { get; init; }

    /// <summary>Records beside the training that the stage saves, in memory where it does not.</summary>
    internal RecordFile Records(
        string name,
        string of,
        IEnumerable<int> lengths,
        long most = long.MaxValue
    ) =>
        new(
            Checkpoint is { } place ? Path.Combine(place.Folder, name) : null,
            $"{Checkpoint?.Key}/{of}",
            lengths,
            most,
            Note
        );

    /// <summary>
    /// Trains a model's parameters, and those that the phase has beside them, by the loss on the task's training split. A stage
    /// may have any number of phases; each has an optimizer, a stream of chance and a checkpoint of its own, so that a stage
    /// that was killed goes on in the phase that it was in.
    /// </summary>
    /// <param name="phase">Null: the only one.</param>
    public void Train(Model model, Func<Pass, Variable> loss, Phase? phase = null)
    {
        phase ??= new Phase();
        TrainingOptions options = phase.Options ?? Training;
        if (options.GradientCheckpointing)
        {
            Note?.Invoke(MemoryOf(model.Config, options));
        }

        Learner learner = new(
            model,
            new Tape(Workers, Kernels),
            phase.Frozen,
            phase.Beside,
            phase.See,
            phase.Extract,
            options.GradientCheckpointing ? Retained.Inputs : Retained.Values
        );
        new Trainer(
            learner,
            new AdamW(learner.Trained, Workers, Kernels, options, phase.Rate),
            new TrainingRun(
                options,
                phase.Name.Length == 0 ? Rng : Rng.Split(phase.Name),
                Checkpoint?.Of(phase.Name),
                Report,
                Time,
                Stop
            )
            {
                Processes = Processes,
            }
        ).Train(Task.Training, loss);
    }

    string MemoryOf(ModelConfig config, TrainingOptions options)
    {
        EncodedSplit data = Task.Training;
        int sequences = (options.BatchSize + options.Parts - 1) / options.Parts,
            tokens = data.Count == 0 ? 0 : Enumerable.Range(0, data.Count).Max(data.Length);
        TrainingMemory with = TrainingMemory.Of(config, sequences, tokens, recomputed: true),
            without = TrainingMemory.Of(config, sequences, tokens, recomputed: false);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Gradient checkpointing: a step takes at most {with.Step / 1e9:F1} GB ({without.Step / 1e9:F1} GB without) beside {with.Parameters / 1e9:F1} GB of weights, gradients and moments."
        );
    }
}
