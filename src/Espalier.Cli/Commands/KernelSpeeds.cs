using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Cli.Commands;

/// <summary>Giga-operations a second (a multiply-add counts two) of one kernel family at one shape.</summary>
sealed record Speed(KernelFamily Family, string Precision, Estimate Median);

/// <summary>A short look at every kernel family: seconds, not a benchmark.</summary>
static class KernelSpeeds
{
    // The first feed-forward product of MiniLM for a sentence of 40 tokens.
    const int M = 40;
    const int K = 384;
    const int N = 1536;

    // The reference kernels take some 50 ms a product on an old machine; doctor shall be done within 5 s.
    static readonly Rounds Short = new(Seconds: 2, Least: 3, Most: 40, WarmUpSeconds: 0.2);

    public static string ShapeText => $"{M}x{K}x{N}";

    public static IReadOnlyList<Speed> Measure(
        Workers workers,
        TimeProvider time,
        CancellationToken stop
    )
    {
        KernelFamily[] here = [.. KernelFamily.All.Where(f => f.IsSupported)];
        Rng rng = new(1);
        Tensor x = Normal(M, K, rng.Split("x")),
            weights = Normal(N, K, rng.Split("weights")),
            y = new(M, N);
        List<Candidate> candidates = [];
        foreach (KernelFamily family in here)
        {
            PackedMatrix packed = family.Gemm.Pack(workers, weights, transposed: true);
            QuantizedMatrix bytes = family.Int8.Pack(weights);
            QuantizedRows rows = new(M, K);
            candidates.Add(
                new(
                    $"{family.Name} fp32",
                    1,
                    () => family.Gemm.Multiply(workers, x, false, packed, y)
                )
            );
            candidates.Add(
                new(
                    $"{family.Name} int8",
                    1,
                    () =>
                    {
                        family.Int8.Quantize(workers, x, rows);
                        family.Int8.Multiply(workers, rows, bytes, y);
                    }
                )
            );
        }

        Comparison comparison = new TimeMeter(time).Compare(candidates, Short, rng, cancel: stop);
        return
        [
            .. here.SelectMany(f =>
                (Speed[])[Of(comparison, f, "fp32"), Of(comparison, f, "int8")]
            ),
        ];
    }

    static Speed Of(Comparison comparison, KernelFamily family, string precision) =>
        new(
            family,
            precision,
            Statistics.Median([
                .. comparison[$"{family.Name} {precision}"]
                    .RoundMilliseconds.Select(ms => 2.0 * M * K * N / 1e6 / Math.Max(ms, 1e-6)),
            ])
        );

    static Tensor Normal(int rows, int columns, Rng rng)
    {
        Tensor drawn = new(rows, columns);
        Span<float> values = drawn.Span;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = rng.Normal((ulong)i);
        }

        return drawn;
    }
}
