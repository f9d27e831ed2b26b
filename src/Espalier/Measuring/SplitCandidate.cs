using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>A configuration whose time over a split is asked for, from the examples of a sample.</summary>
/// <param name="Sample">Its blocks; all candidates of one comparison have as many.</param>
/// <param name="Tokens">Of each example of the split.</param>
/// <param name="Layers">That each example of the split passes; known from the pass that judged quality.</param>
/// <param name="Alike">All examples cost the same, and the sample has few.</param>
/// <param name="Answer">Answers one batch of a block, both by number.</param>
public sealed record SplitCandidate(
    string Name,
    TimedSample Sample,
    IReadOnlyList<int> Tokens,
    IReadOnlyList<double> Layers,
    bool Alike,
    Action<int, int> Answer
)
{
    const int Digits = 6;

    /// <summary>A session that answers at an effort, by the path that users run.</summary>
    /// <param name="batches">Of each block of the sample.</param>
    public static SplitCandidate Of(
        string name,
        Session session,
        Effort effort,
        TimedSample sample,
        IReadOnlyList<int> tokens,
        IReadOnlyList<double> layers,
        bool alike,
        Func<int[], Batch> batches
    )
    {
        int largest = sample.Batches.Max(b => b.Length);
        Tensor logits = new(largest, session.Model.Config.Outputs);
        int[] exits = new int[largest];
        return Of(
            name,
            batch => session.Run(batch, effort, logits, exits),
            sample,
            tokens,
            layers,
            alike,
            batches
        );
    }

    /// <param name="answer">Answers a batch.</param>
    /// <param name="batches">Of each block of the sample.</param>
    public static SplitCandidate Of(
        string name,
        Action<Batch> answer,
        TimedSample sample,
        IReadOnlyList<int> tokens,
        IReadOnlyList<double> layers,
        bool alike,
        Func<int[], Batch> batches
    )
    {
        Batch[][] blocks = [.. sample.Blocks.Select(block => block.Select(batches).ToArray())];
        return new SplitCandidate(
            name,
            sample,
            tokens,
            layers,
            alike,
            (block, batch) => answer(blocks[block][batch])
        );
    }

    public void AnswerBlock(int block)
    {
        for (int batch = 0; batch < Sample.Blocks[block].Count; batch++)
        {
            Answer(block, batch);
        }
    }

    /// <summary>Weights of the batches under which tokens and layers are the split's.</summary>
    internal Calibration Calibrate()
    {
        int[][] batches = [.. Sample.Batches];
        double examples = Sample.Examples;
        double[] plain = [.. batches.Select(b => b.Length / examples)];
        int[] all = [.. Enumerable.Range(0, Tokens.Count)];
        Func<int, double>[] features =
        [
            i => Layers[i],
            i => Tokens[i],
            i => (double)Tokens[i] * Layers[i],
        ];
        return Calibration.Of(
            plain,
            [.. features.Select(f => batches.Select(b => b.Average(f)).ToArray())],
            [.. features.Select(f => all.Average(f))]
        );
    }

    internal TimedSet Describe(Calibration weights, int passes)
    {
        int[][] batches = [.. Sample.Batches];
        double[] tokens = [.. batches.Select(b => b.Average(i => Tokens[i]))],
            layers = [.. batches.Select(b => b.Average(i => Layers[i]))];
        return new TimedSet(
            Sample.Examples,
            Sample.SplitExamples,
            Alike,
            Sample.Blocks.Count,
            passes,
            Rounded(weights.Mean(tokens)),
            Rounded(Tokens.Average()),
            Rounded(weights.Mean(layers)),
            Rounded(Layers.Average()),
            Rounded(weights.Plain.Zip(tokens, (w, x) => w * x).Sum()),
            Rounded(weights.Plain.Zip(layers, (w, x) => w * x).Sum()),
            Rounded(weights.Shares.Zip(weights.Plain, (w, p) => w / p).Max()),
            Sample.Blocks.Count > 1
                ? "noise of the rounds and which examples of the split are timed; no other sitting, seed or split"
                : "noise of the rounds; no other sitting, seed or split"
        );

        // Sums of two hundred shares are off in the last places.
        static double Rounded(double value) => Math.Round(value, Digits);
    }
}
