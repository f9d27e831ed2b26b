using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// Which shape a budget is best spent on, as Minitron searches (Muralidharan et al. 2024): shapes that use the budget up are ranked by the
/// loss right after pruning, the best few learn for a while, and the best of these on the same texts is the one. What it costs is bounded: so many shapes
/// forward over a few texts, and three trainings of a tenth of the whole. Budgets are counted from the model and never timed, so that the same
/// recipe makes the same model on every machine.
/// </summary>
sealed class ShapeSearch(
    Minitron asked,
    Model model,
    Worths worths,
    double[] depth,
    IReadOnlyList<Batch> tuning,
    OperatorContext context
)
{
    /// <summary>Shapes that are pruned and scored.</summary>
    internal const int Most = 24;

    /// <summary>That learn for a while.</summary>
    internal const int Finalists = 3;

    const int ScoredTexts = 32;
    const double TrialShare = 0.1;
    const int LeastSteps = 8;

    // A dimension is tried in eighths, down to a quarter.
    const int Parts = 8;
    const int LeastParts = 2;

    // ModelOpt's divisors of large models.
    const int ChannelDivisor = 256;
    const int NeuronDivisor = 512;

    readonly long[] _whole = Costs(model.Config, context);

    /// <summary>The pruning to the shape that was found.</summary>
    public Minitron Best()
    {
        Minitron[] fitting = Fitting(),
            tried =

            [
                .. Enumerable
                    .Range(0, Math.Min(Most, fitting.Length))
                    .Select(i =>
                        fitting[(long)i * fitting.Length / Math.Min(Most, fitting.Length)]
                    ),
            ];
        Batch[] texts = Spread(tuning, ScoredTexts);
        EncodedSplit trial = Trial();
        int finalists = asked.Trains ? Math.Min(Finalists, tried.Length) : 0;
        Say(
            $"{fitting.Length} shapes use the budget up; {tried.Length} of them, spread evenly, are scored on {texts.Sum(b => b.Count)} examples without training, "
                + $"{finalists} learn from {trial.Count} of {context.Task.Training.Count} examples once, and the best is made."
        );
        double[] losses = Losses(tried, texts);
        int[] order = [.. Enumerable.Range(0, tried.Length).OrderBy(i => losses[i])];
        int best = order
            .Take(finalists)
            .Select(
                (index, rank) => (Index: index, Loss: Learned(tried[index], rank, trial, texts))
            )
            .Append((Index: order[0], Loss: double.PositiveInfinity))
            .MinBy(f => f.Loss)
            .Index;
        Say($"{tried[best]} is made: {Told(tried[best])}.");
        return tried[best];
    }

    void Say(string sentence) => context.Note?.Invoke($"{asked}: {sentence}");

    string Told(Minitron shape)
    {
        double[] shares = Shares(shape);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{shares[0]:0.0 %} of the parameters, {shares[1]:0.0 %} of the memory and {shares[2]:0.0 %} of the multiply-adds of a window"
        );
    }

    /// <summary>Shapes within the budget of which no dimension could be one part larger, the deepest first.</summary>
    Minitron[] Fitting()
    {
        ModelConfig config = model.Config;
        Block block = config.Layers[0];
        int heads = block.Attention.Heads,
            shared = block.Attention.HeadsPerKey;
        int[][] sizes =
        [
            SizesOf(config.Layers.Count, 1),
            SizesOf(config.Hidden, ChannelDivisor),
            SizesOf(block.Mlp.Width, NeuronDivisor),
            shared == 1
                ? SizesOf(heads, 1)
                : [.. Enumerable.Range(1, shared).Reverse().Select(each => each * heads / shared)],
        ];
        var places =
            from l in Places(0)
            from c in Places(1)
            from n in Places(2)
            from h in Places(3)
            select (L: l, C: c, N: n, H: h);
        var all = places.ToArray();
        var within = all.Where(p => Fits(Shares(Of(p)))).ToHashSet();
        return within.Count == 0
            ? throw new InvalidDataException(
                $"{asked}: the smallest shape that is tried has {Told(Of(all[^1]))}; ask for no less."
            )
            :
            [
                .. all.Where(p =>
                        within.Contains(p)
                        && !within.Contains(p with { L = p.L - 1 })
                        && !within.Contains(p with { C = p.C - 1 })
                        && !within.Contains(p with { N = p.N - 1 })
                        && !within.Contains(p with { H = p.H - 1 })
                    )
                    .Select(Of),
            ];

        IEnumerable<int> Places(int dimension) => Enumerable.Range(0, sizes[dimension].Length);

        Minitron Of((int L, int C, int N, int H) place) =>
            asked with
            {
                Parameters = 1,
                Memory = 1,
                Time = 1,
                Layers = Amount.Count(sizes[0][place.L]),
                Hidden = Amount.Count(sizes[1][place.C]),
                FeedForward = Amount.Count(sizes[2][place.N]),
                Heads = Amount.Count(sizes[3][place.H]),
            };
    }

    /// <summary>From all downwards, in multiples of a power of two that is no more than an eighth.</summary>
    static int[] SizesOf(int all, int divisor)
    {
        int unit = Math.Clamp(
            (int)BitOperations.RoundUpToPowerOf2((uint)(all / Parts) + 1) / 2,
            1,
            divisor
        );
        return
        [
            .. Enumerable
                .Range(LeastParts, Parts - LeastParts)
                .Select(part =>
                    unit
                    * (int)
                        Math.Round(
                            all * part / (double)(Parts * unit),
                            MidpointRounding.AwayFromZero
                        )
                )
                .Append(all)
                .Where(size => size >= 1 && size <= all)
                .Distinct()
                .OrderDescending(),
        ];
    }

    bool Fits(double[] shares) =>
        shares[0] <= asked.Parameters && shares[1] <= asked.Memory && shares[2] <= asked.Time;

    /// <summary>Of parameters, memory and multiply-adds of the unpruned model.</summary>
    double[] Shares(Minitron shape) =>
        [.. Costs(shape.After(model.Config), context).Zip(_whole, (a, b) => (double)a / b)];

    static long[] Costs(ModelConfig config, OperatorContext context)
    {
        int window = context.Task.MaxLength;
        long weights = config.Weights,
            cache = config.IsLanguage
                ? config.Layers.Sum(l => 2L * sizeof(float) * window * l.Attention.KeyColumns)
                : 0;
        return [weights, sizeof(float) * weights + cache, config.MultiplyAdds(window)];
    }

    /// <summary>Right after pruning; those that are known from before the stage was killed are read.</summary>
    double[] Losses(Minitron[] shapes, IReadOnlyList<Batch> texts)
    {
        using RecordFile known = context.Records(
            "shapes.bin",
            string.Join<Minitron>(' ', shapes),
            shapes.Select(_ => sizeof(double))
        );
        double[] losses = new double[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            Span<byte> loss = MemoryMarshal.AsBytes(losses.AsSpan(i, 1));
            if (!known.TryRead(i, loss))
            {
                losses[i] = Loss(Pruned(shapes[i]).Model, texts);
                known.Write(i, loss);
            }
        }

        return losses;
    }

    /// <summary>The loss of a shape that has learned for a while.</summary>
    double Learned(Minitron shape, int rank, EncodedSplit trial, Batch[] texts)
    {
        var (student, kept) = Pruned(shape);
        shape.Learn(
            student,
            model,
            kept.Layers,
            kept.Channels,
            context with
            {
                Task = context.Task.Learning(trial),
                Training = context.Training with { Epochs = 1 },
            },
            new Phase { Name = $"shape {rank + 1}" }
        );
        return Loss(student, texts);
    }

    // A tape of its own, as tapes keep packed weights.
    double Loss(Model of, IReadOnlyList<Batch> batches) =>
        TaskLoss.Mean(of, batches, new Tape(context.Workers, context.Kernels), context.Stop);

    (Model Model, Kept Kept) Pruned(Minitron shape)
    {
        Kept kept = shape.Choose(model.Config, worths, () => depth);
        return (kept.Of(model), kept);
    }

    EncodedSplit Trial()
    {
        EncodedSplit all = context.Task.Training;
        TrainingOptions options = context.Training;
        int least = Math.Min(all.Count, LeastSteps * options.BatchSize),
            count = Math.Clamp(
                (int)Math.Ceiling(TrialShare * options.Epochs * all.Count),
                least,
                all.Count
            );
        return EncodedSplit.Of(
            "trial",
            all.Take(Spread([.. Enumerable.Range(0, all.Count)], count))
        );
    }

    static T[] Spread<T>(IReadOnlyList<T> all, int most)
    {
        int count = Math.Min(most, all.Count);
        return [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Count / count)])];
    }
}
