using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
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
        Learner learner = new(
            model,
            new Tape(Workers, Kernels),
            phase.Frozen,
            phase.Beside,
            phase.See,
            phase.Extract
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
        ).Train(Task.Training, loss);
    }
}
