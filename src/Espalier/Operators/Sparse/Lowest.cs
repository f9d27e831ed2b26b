namespace Espalier.Operators.Sparse;

/// <summary>The lowest of some scores, exactly so many of them.</summary>
static class Lowest
{
    /// <summary>Of so many weights, how many a share is.</summary>
    public static int Count(double share, long of) =>
        (int)Math.Round(share * of, MidpointRounding.AwayFromZero);

    /// <summary>Marks so many of the lowest; of equal ones those in front.</summary>
    public static void Mark(ReadOnlySpan<double> scores, int count, Span<bool> marks)
    {
        if (count == 0)
        {
            return;
        }

        double[] sorted = scores.ToArray();
        Array.Sort(sorted);
        double most = sorted[count - 1];
        int equal = count - Array.FindIndex(sorted, s => s == most);
        for (int i = 0; i < scores.Length; i++)
        {
            marks[i] = scores[i] < most || scores[i] == most && equal-- > 0;
        }
    }

    /// <summary>Marks half of each so many neighbours; of fewer at the end the smaller half.</summary>
    public static void MarkHalf(ReadOnlySpan<double> scores, int neighbours, Span<bool> marks)
    {
        for (int first = 0; first < scores.Length; first += neighbours)
        {
            int length = Math.Min(neighbours, scores.Length - first);
            Mark(scores.Slice(first, length), length / 2, marks.Slice(first, length));
        }
    }
}
