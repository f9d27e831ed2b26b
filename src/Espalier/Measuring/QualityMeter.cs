using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>Asks a session once for all that its exits say, so that quality at every effort follows without running again.</summary>
public static class QualityMeter
{
    /// <param name="batches">
    /// Grouped in any way. Where all of them say which examples they hold, the record is in the order of the split
    /// whatever the grouping; otherwise in the order of the batches.
    /// </param>
    /// <param name="report">Is told the share that is done.</param>
    /// <exception cref="ArgumentException">There is no example, one comes twice, or labels do not fit the batch.</exception>
    public static ExitRecord Run(
        Session session,
        IReadOnlyList<Batch> batches,
        Action<double>? report = null,
        CancellationToken cancel = default
    )
    {
        ModelConfig config = session.Model.Config;
        int width = config.ExitCount * config.Outputs,
            largest = batches.Count == 0 ? 0 : batches.Max(b => b.Count);
        if (largest == 0)
        {
            throw new ArgumentException("There is no example to judge; give one batch at least.");
        }

        int total = batches.Sum(b => b.Count);
        bool numbered = batches.All(b => b.Examples.Length == b.Count);
        Tensor logits = new(largest, width);
        List<(int Place, ExampleExits Example)> answers = [];
        foreach (Batch batch in batches)
        {
            cancel.ThrowIfCancellationRequested();
            Check(batch, config);
            session.RunAllExits(batch, logits);
            for (int s = 0; s < batch.Count; s++)
            {
                ExampleExits example = new(
                    logits.Row(s).ToArray(),
                    batch.Starts[s + 1] - batch.Starts[s],
                    batch.Labels.Length > 0 && batch.Labels[s] >= 0 ? batch.Labels[s] : null,
                    batch.Scores.Length > 0 ? batch.Scores[s] : null
                );
                answers.Add((numbered ? batch.Examples[s] : answers.Count, example));
            }

            report?.Invoke((double)answers.Count / total);
        }

        answers.Sort((a, b) => a.Place.CompareTo(b.Place));
        for (int i = 1; i < answers.Count; i++)
        {
            if (answers[i].Place == answers[i - 1].Place)
            {
                throw new ArgumentException(
                    $"Example {answers[i].Place} is in the batches twice; each counts once in a metric."
                );
            }
        }

        return new ExitRecord(config, [.. answers.Select(a => a.Example)]);
    }

    static void Check(Batch batch, ModelConfig config)
    {
        bool fit =
            (batch.Labels.Length == 0 || batch.Labels.Length == batch.Count)
            && (batch.Scores.Length == 0 || batch.Scores.Length == batch.Count);
        if (!fit)
        {
            throw new ArgumentException(
                $"A batch of {batch.Count} has {batch.Labels.Length} labels and {batch.Scores.Length} scores; "
                    + "each example has one, or none has."
            );
        }

        int place = config.Regression
            ? -1
            : Array.FindIndex(batch.Labels, l => l >= config.Outputs);
        if (place >= 0)
        {
            throw new ArgumentException(
                $"A label is {batch.Labels[place]} and the model knows {config.Outputs} classes; "
                    + "the model was made for another task."
            );
        }
    }
}
