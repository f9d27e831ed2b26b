using Espalier.Data;
using Espalier.Kernels;
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
    ) =>
        Run(
            new ExitRecord(session.Model.Config),
            (batch, logits) => session.RunAllExits(batch, logits),
            batches,
            report,
            cancel
        );

    /// <summary>
    /// Asks a language model for each next token of windows of a text; where tokens leave early at several efforts, each a pass of its own,
    /// since what left is what later tokens look back at.
    /// </summary>
    /// <param name="efforts">Of a model with exits; others have one answer at any.</param>
    /// <inheritdoc cref="Run(Session, IReadOnlyList{Batch}, Action{double}?, CancellationToken)"/>
    public static ExitRecord Run(
        LanguageSession session,
        Workers workers,
        IReadOnlyList<Batch> batches,
        IReadOnlyList<Effort> efforts,
        Action<double>? report = null,
        CancellationToken cancel = default
    )
    {
        ModelConfig config = session.Model.Config;
        if (!config.HasExits)
        {
            return Run(
                new ExitRecord(config),
                (batch, counts) => Count(session, workers, batch, counts),
                batches,
                report,
                cancel
            );
        }

        TokenCost cost = new(config);
        return Run(
            new ExitRecord(config, efforts),
            (batch, counts) =>
            {
                for (int e = 0; e < efforts.Count; e++)
                {
                    cancel.ThrowIfCancellationRequested();
                    Leave(session, workers, batch, efforts[e], cost, counts, 4 * e);
                }
            },
            batches,
            report,
            cancel
        );
    }

    /// <summary>Writes the four numbers of each window at an effort, from a column on.</summary>
    static void Leave(
        LanguageSession session,
        Workers workers,
        Batch batch,
        Effort effort,
        TokenCost cost,
        Tensor counts,
        int column
    )
    {
        int[] next = batch.NextTokens(),
            exits = new int[next.Length];
        (double Loss, bool IsBest)[] tokens = new (double, bool)[next.Length];
        session.Score(
            batch,
            effort,
            (which, exit, logits) =>
                workers.Run(
                    logits.Rows,
                    r =>
                    {
                        int token = which[r];
                        exits[token] = exit;
                        if (next[token] is >= 0 and var right)
                        {
                            tokens[token] = TextLikelihood.Loss(logits.Row(r), right);
                        }
                    }
                )
        );
        for (int s = 0; s < batch.Count; s++)
        {
            int first = batch.Starts[s],
                count = batch.Starts[s + 1] - first,
                right = 0;
            double loss = 0,
                layers = 0,
                work = 0;
            for (int t = 0; t < count; t++)
            {
                loss += tokens[first + t].Loss;
                right += tokens[first + t].IsBest ? 1 : 0;
                layers += session.Model.Config.LayersAt(exits[first + t]);
                work += cost.Of(exits[first + t], t, effort);
            }

            Span<float> to = counts.Row(s)[column..];
            (to[0], to[1], to[2], to[3]) = (
                (float)loss,
                right,
                (float)(layers / count),
                (float)work
            );
        }
    }

    /// <summary>
    /// How sure each exit but the last is of each token, [token][exit], where none has left before it: what thresholds are chosen from.
    /// </summary>
    public static double[][] Confidences(LanguageSession session, IReadOnlyList<Batch> batches)
    {
        int exits = session.Model.Config.ExitCount - 1;
        List<double[]> all = [];
        foreach (Batch batch in batches)
        {
            double[][] tokens =
            [
                .. Enumerable.Range(0, batch.Tokens).Select(_ => new double[exits]),
            ];
            for (int exit = 0; exit < exits; exit++)
            {
                session.Score(
                    batch,
                    new Effort(ExitRule.Exit, exit + 1),
                    (which, _, logits) =>
                    {
                        for (int r = 0; r < logits.Rows; r++)
                        {
                            tokens[which[r]][exit] = Effort.Confidence(logits.Row(r));
                        }
                    }
                );
            }

            all.AddRange(tokens);
        }

        return [.. all];
    }

    static void Count(LanguageSession session, Workers workers, Batch batch, Tensor counts)
    {
        int[] next = batch.NextTokens();
        (double Loss, bool IsBest)[] tokens = new (double, bool)[next.Length];
        session.Score(
            batch,
            (row, logits) =>
                workers.Run(
                    logits.Rows,
                    r =>
                    {
                        if (next[row + r] is >= 0 and var token)
                        {
                            tokens[row + r] = TextLikelihood.Loss(logits.Row(r), token);
                        }
                    }
                )
        );
        for (int s = 0; s < batch.Count; s++)
        {
            ReadOnlySpan<(double Loss, bool IsBest)> own = tokens.AsSpan(
                batch.Starts[s]..batch.Starts[s + 1]
            );
            double loss = 0;
            int right = 0;
            foreach (var token in own)
            {
                loss += token.Loss;
                right += token.IsBest ? 1 : 0;
            }

            (counts.Row(s)[0], counts.Row(s)[1]) = ((float)loss, right);
        }
    }

    static ExitRecord Run(
        ExitRecord record,
        Action<Batch, Tensor> ask,
        IReadOnlyList<Batch> batches,
        Action<double>? report,
        CancellationToken cancel
    )
    {
        ModelConfig config = record.Config;
        int width = record.Places * ExitRecord.NumbersOf(config);
        Tensor logits = new(1, width);
        List<int> places = [];
        bool numbered = true;
        for (int b = 0; b < batches.Count; b++)
        {
            cancel.ThrowIfCancellationRequested();
            Batch batch = batches[b];
            Check(batch, config);
            logits = logits.Rows < batch.Count ? new Tensor(batch.Count, width) : logits;
            ask(batch, logits);
            for (int s = 0; s < batch.Count; s++)
            {
                record.Add(
                    logits.Row(s),
                    batch.Starts[s + 1] - batch.Starts[s],
                    batch.Labels.Length > 0 && batch.Labels[s] >= 0 ? batch.Labels[s] : null,
                    batch.Scores.Length > 0 ? batch.Scores[s] : null
                );
            }

            numbered &= batch.Examples.Length == batch.Count;
            places.AddRange(numbered ? batch.Examples : []);
            report?.Invoke((b + 1.0) / batches.Count);
        }

        if (record.Count == 0)
        {
            throw new ArgumentException("There is no example to judge; give one batch at least.");
        }

        if (numbered)
        {
            record.Order(RowsInOrder(places));
        }

        return record;
    }

    /// <summary>The rows sorted by the examples that they hold.</summary>
    static int[] RowsInOrder(List<int> places)
    {
        int[] rows = new int[places.Count],
            keys = [.. places];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = row;
        }

        Array.Sort(keys, rows);
        for (int i = 1; i < keys.Length; i++)
        {
            if (keys[i] == keys[i - 1])
            {
                throw new ArgumentException(
                    $"Example {keys[i]} is in the batches twice; each counts once in a metric."
                );
            }
        }

        return rows;
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
