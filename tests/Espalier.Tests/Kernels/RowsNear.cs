using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>Tensors of standard normal numbers.</summary>
static class Filled
{
    public static Tensor Normal(ulong seed, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        Rng rng = new(seed);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = rng.Normal((ulong)i);
        }

        return tensor;
    }
}

static class Near
{
    /// <summary>|expected − actual| ≤ tolerance · max(1, |expected|) everywhere; the worst place is told.</summary>
    public static void Assert(Tensor expected, Tensor actual, double tolerance, string what)
    {
        double worst = -1;
        int at = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            double e = expected.Span[i],
                error = Math.Abs(e - actual.Span[i]) / Math.Max(1, Math.Abs(e));
            if (!(error <= worst))
            {
                (worst, at) = (error, i);
            }
        }

        Xunit.Assert.True(
            worst <= tolerance,
            $"{what} {expected.Shape}: element {at} is {actual.Span[at]:r}, not {expected.Span[at]:r} (error {worst:g3}, allowed {tolerance:g3})"
        );
    }
}
