using Espalier.Data;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Training;

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
    /// <summary>Where a stage that trains saves itself; null: nowhere.</summary>
    public CheckpointPlace? Checkpoint { get; init; }
    public Action<TrainingProgress>? Report { get; init; }

    /// <summary>A sentence that the user should read.</summary>
    public Action<string>? Note { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public CancellationToken Stop { get; init; }

    public TrainingRun Run() => new(Training, Rng, Checkpoint, Report, Time, Stop);
}
