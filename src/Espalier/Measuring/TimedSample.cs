namespace Espalier.Measuring;

/// <summary>
/// Which examples of a split are timed: all of a small one, else a systematic sample over the split in the order of
/// lengths, so that its lengths are the split's. They are dealt into batches and these into blocks of like lengths
/// (Mahalanobis 1946: samples within the sample, whose differences tell how far the whole may be off). Nothing in it is
/// chance, so every model, seed and effort of a task is timed on the same.
/// </summary>
public sealed class TimedSample
{
    /// <summary>Fewest examples, where a split has so many.</summary>
    public const int LeastExamples = 200;

    // Student's reach over ten blocks is 2.26 standard errors, of twenty 2.09; a block must still outlast the clock.
    const int MostBlocks = 10;

    // Where every example costs the same, four of each block say what all would.
    const int AlikeExamples = 4;

    TimedSample(int splitExamples, IReadOnlyList<IReadOnlyList<int[]>> blocks) =>
        (SplitExamples, Blocks) = (splitExamples, blocks);

    /// <summary>Of the split that the sample stands for.</summary>
    public int SplitExamples { get; }

    /// <summary>Blocks of batches of examples, by their places in the split.</summary>
    public IReadOnlyList<IReadOnlyList<int[]>> Blocks { get; }

    public IEnumerable<int[]> Batches => Blocks.SelectMany(b => b);

    public int Examples => Batches.Sum(b => b.Length);

    public bool IsWhole => Examples == SplitExamples;

    /// <param name="tokens">Of each example of the split.</param>
    /// <param name="batch">Examples that are handed over at once.</param>
    /// <param name="examples">At least so many, or the whole split.</param>
    public static TimedSample Of(IReadOnlyList<int> tokens, int batch, int examples = LeastExamples)
    {
        if (tokens.Count == 0)
        {
            throw new ArgumentException("There is no example to time; give a split with one.");
        }

        int[] sorted = [.. Enumerable.Range(0, tokens.Count).OrderBy(i => tokens[i])];
        long wanted = Math.Min(tokens.Count, Math.Max(examples, (long)MostBlocks * batch));
        int[] chosen =
        [
            .. Enumerable
                .Range(0, (int)wanted)
                .Select(i => sorted[(2L * i + 1) * tokens.Count / (2 * wanted)]),
        ];
        int[][] batches = Deal(chosen, (chosen.Length + batch - 1) / batch);
        foreach (int[] one in batches)
        {
            Array.Sort(one);
        }

        int[][] places = Deal(
            [.. Enumerable.Range(0, batches.Length)],
            Math.Min(MostBlocks, batches.Length)
        );
        return new TimedSample(
            tokens.Count,
            [.. places.Select(block => (IReadOnlyList<int[]>)[.. block.Select(i => batches[i])])]
        );
    }

    /// <summary>A few batches of each block, for a model to which all examples are alike.</summary>
    /// <param name="examples">Of a block.</param>
    public TimedSample Few(int examples = AlikeExamples)
    {
        return new TimedSample(SplitExamples, [.. Blocks.Select(Some)]);

        IReadOnlyList<int[]> Some(IReadOnlyList<int[]> block)
        {
            int count = Math.Clamp(examples / block[0].Length, 1, block.Count);
            return
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => block[(2 * i + 1) * block.Count / (2 * count)]),
            ];
        }
    }

    /// <summary>To one hand after the other and back again, so that no hand gets the longer of each deal.</summary>
    static int[][] Deal(int[] items, int hands)
    {
        List<int>[] dealt = [.. Enumerable.Range(0, hands).Select(_ => new List<int>())];
        for (int i = 0; i < items.Length; i++)
        {
            int hand = i % hands;
            dealt[i / hands % 2 == 0 ? hand : hands - 1 - hand].Add(items[i]);
        }

        return [.. dealt.Select(d => d.ToArray())];
    }
}
