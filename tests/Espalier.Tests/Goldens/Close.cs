using Espalier.Tensors;

namespace Espalier.Tests.Goldens;

/// <summary>|a − b| ≤ atol + rtol · |b| for every element, or a failure that names the worst one.</summary>
static class Close
{
    public static void To(
        ReadOnlySpan<float> actual,
        ReadOnlySpan<float> expected,
        double atol,
        double rtol,
        string what
    )
    {
        Assert.True(
            actual.Length == expected.Length,
            $"{what}: {actual.Length} numbers, {expected.Length} expected"
        );
        int worst = -1;
        double excess = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double over =
                Math.Abs((double)actual[i] - expected[i]) - atol - rtol * Math.Abs(expected[i]);
            if (!(over <= excess))
            {
                (worst, excess) = (i, over);
            }
        }

        Assert.True(
            worst < 0,
            worst < 0
                ? ""
                : $"{what}[{worst}] is {actual[worst]:R}, expected {expected[worst]:R} (atol {atol}, rtol {rtol})"
        );
    }

    public static void To(Tensor actual, Tensor expected, double atol, double rtol, string what) =>
        To(actual.Span, expected.Span, atol, rtol, what);

    public static float Largest(Tensor tensor)
    {
        float largest = 0;
        foreach (float value in tensor.Span)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }
}
