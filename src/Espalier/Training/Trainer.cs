using System.Globalization;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Tensors;
using Espalier.Training.Collective;

namespace Espalier.Training;

/// <summary>What a training run needs beside its parameters and loss.</summary>
/// <param name="Rng">Decides the order of the examples and all dropout.</param>
/// <param name="Checkpoint">Where to save and resume; null: neither.</param>
/// <param name="Stop">Cancelled: the state is saved and <see cref="OperationCanceledException"/> thrown.</param>
public sealed record TrainingRun(
    TrainingOptions Options,
    Rng Rng,
    CheckpointPlace? Checkpoint = null,
    Action<TrainingProgress>? Report = null,
    TimeProvider? Time = null,
    CancellationToken Stop = default
)
{
    /// <summary>Those that train this together, each with some of a step's shards; null: this process alone.</summary>
    public Communicator? Processes { get; init; }
}

/// <summary>
/// The training loop. Everything in it follows from the options, the seed and the step's number, so a run that was
/// interrupted and resumed ends with the same bytes as one that was not.
/// </summary>
public sealed class Trainer(Learner learner, AdamW optimizer, TrainingRun run)
{
    const double ReportSeconds = 0.5;
    readonly GradientSum? _sum =
        run.Options.Shards > 1
            ? new GradientSum(optimizer.Slots.Select(s => s.Variable), learner.Tape)
            : null;

    /// <param name="loss">The mean loss over a batch's examples.</param>
    /// <exception cref="DivergedException">A loss or gradient is not finite.</exception>
    public void Train(EncodedSplit data, Func<Pass, Variable> loss)
    {
        TrainingOptions options = run.Options;
        int perEpoch = options.StepsPerEpoch(data.Count),
            steps = perEpoch * options.Epochs;
        learner.ClearGradients();
        run.Checkpoint?.TryRestore(optimizer);
        Agree();
        learner.Tape.WeightsChanged();
        TimeProvider time = run.Time ?? TimeProvider.System;
        long began = time.GetTimestamp(),
            reported = began;
        int first = optimizer.Steps;
        double sum = 0;
        int summed = 0;
        int[] order = [];
        for (int step = first; step < steps; step++)
        {
            StopIfAsked();

            if (order.Length == 0 || step % perEpoch == 0)
            {
                order = data.Shuffled(run.Rng.Split("order").Split((ulong)(step / perEpoch)));
            }

            int from = step % perEpoch * options.BatchSize;
            sum += Step(
                data,
                order.AsSpan(from, Math.Min(options.BatchSize, order.Length - from)),
                step,
                steps,
                loss
            );
            summed++;
            run.Checkpoint?.SaveWhenDue(optimizer, time);
            if (
                run.Report is { } report
                && (step + 1 == steps || time.GetElapsedTime(reported).TotalSeconds > ReportSeconds)
            )
            {
                double elapsed = time.GetElapsedTime(began).TotalSeconds,
                    perStep = elapsed / (step + 1 - first);
                report(
                    new TrainingProgress(
                        step + 1,
                        steps,
                        sum / summed,
                        options.BatchSize / perStep,
                        TimeSpan.FromSeconds(perStep * (steps - step - 1))
                    )
                );
                (sum, summed, reported) = (0, 0, time.GetTimestamp());
            }
        }

        optimizer.CatchUp();

        // Kept until whoever asked for the training has stored what came out of it.
        run.Checkpoint?.Save(optimizer);
    }

    double Step(
        EncodedSplit data,
        ReadOnlySpan<int> examples,
        int step,
        int steps,
        Func<Pass, Variable> loss
    )
    {
        // Few examples are no work to share: each process computes them all.
        bool cut = _sum is not null && examples.Length >= run.Options.Shards;
        int parts = cut ? run.Options.Shards : Math.Min(run.Options.Accumulation, examples.Length),
            count = examples.Length;
        Communicator? others = cut ? run.Processes : null;
        int each = parts / (others?.Size ?? 1),
            first = each * (others?.Rank ?? 0);
        double[] means = new double[parts];
        (int From, int To) Of(int part) => (count * part / parts, count * (part + 1) / parts);
        float Share(int part) => (Of(part).To - Of(part).From) / (float)count;
        for (int part = first; part < first + each; part++)
        {
            Batch batch = data.Take(examples[Of(part).From..Of(part).To]);
            learner.Tape.Begin(run.Rng.Split("dropout").Split((ulong)step).Split((ulong)part));
            optimizer.Prepare(batch.Ids.AsSpan(0, batch.Tokens));
            Variable mean = loss(learner.Forward(batch));
            means[part] = mean.Value.Span[0];
            if (!double.IsFinite(means[part]))
            {
                break; // after the others have heard of it
            }

            learner.Tape.Backward(learner.Tape.WeightedSum((mean, Share(part))));
            if (cut)
            {
                _sum!.Take(last: part + 1 == first + each);
            }
        }

        others?.Share(means);
        double total = 0;
        for (int part = 0; part < parts; part++)
        {
            if (!double.IsFinite(means[part]))
            {
                var (from, to) = Of(part);
                Diverged($"the loss is {means[part]}", step, examples[from..to].ToArray());
            }

            total += means[part] * Share(part);
        }

        if (others is not null)
        {
            _sum!.Sum(others);
        }

        double norm = optimizer.GradientNorm();
        if (!double.IsFinite(norm))
        {
            Diverged("the gradient is not finite", step, examples.ToArray());
        }

        optimizer.Step(run.Options.RateAt(step, steps), norm, learner.Tape);
        return total;
    }

    /// <summary>What the first process read back, or did not, is where all go on from.</summary>
    void Agree()
    {
        if (run.Processes is { } processes)
        {
            optimizer.Steps = processes.OfFirst(optimizer.Steps);
            if (optimizer.Steps > 0)
            {
                processes.TakeFirst(
                    new FlatView([
                        .. optimizer.Slots.SelectMany(s =>
                            (Tensor[])[s.Variable.Value, s.First, s.Second]
                        ),
                    ])
                );
            }
        }
    }

    /// <summary>All processes stop in front of the same step, whichever was asked.</summary>
    void StopIfAsked()
    {
        bool mine = run.Stop.IsCancellationRequested;
        if (run.Processes?.Any(mine) ?? mine)
        {
            run.Checkpoint?.Save(optimizer);
            run.Stop.ThrowIfCancellationRequested();
            throw new LostProcessException(
                "Another process of the group was asked to stop; the same command goes on from here."
            );
        }
    }

    void Diverged(string what, int step, int[] examples)
    {
        learner.ClearGradients();
        string kept = "";
        if (run.Checkpoint is { } checkpoint)
        {
            // A step may have broken the weights before the loss could show it: then the file from before is the good one.
            bool finite = optimizer.Slots.All(s =>
                SafetensorsFile.FirstNonFinite(s.Variable.Value.Span) < 0
            );
            if (finite)
            {
                checkpoint.Save(optimizer);
            }

            kept = finite
                ? $" The state before this step is kept in {checkpoint.Folder}."
                : $" The last finite state that was saved, if any, is kept in {checkpoint.Folder}.";
        }

        throw new DivergedException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Training stopped in step {step + 1}: {what} on examples {string.Join(", ", examples)} (counted from 0 in the training split)."
            )
                + kept
                + " Lower the learning rate, or look at these examples."
        );
    }
}
