using System.Diagnostics;
using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Tensors;

namespace Espalier.Benchmarks;

/// <summary>
/// int8 products at the shapes of transformer layers: giga-operations a second of one core and of two, and
/// the share of a peak that is probed beside each timing. Best and median of interleaved rounds: the best is
/// the kernel, the median what neighbours left of it. Arguments: rounds (60), name of a kernel family (all).
/// </summary>
public static class Int8Table
{
    const double MillisecondsPerTiming = 0.4;

    // The runtime compiles a hot method again behind its first 100 ms; nothing counts until that is over.
    const double WarmSeconds = 0.3;

    static readonly (int M, int N, int K)[] Shapes =
    [
        (40, 384, 384),
        (40, 1536, 384),
        (40, 384, 1536),
        (40, 768, 768),
        (40, 3072, 768),
        (40, 768, 3072),
        (128, 3072, 768),
        (512, 3072, 768),
        (1280, 384, 384),
        (1280, 768, 768),
        (1280, 3072, 768),
        (1280, 768, 3072),
        (1, 384, 384),
        (1, 3072, 768),
    ];

    public static void Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0]) : 60;
        KernelFamily[] families =
        [
            .. KernelFamily.All.Where(f =>
                f.IsSupported && (args.Length > 1 ? f.Name == args[1] : f.Name != "reference")
            ),
        ];
        bool probed = AmxInt8Gemm.IsSupported || VnniInt8Gemm.IsSupported;
        using Workers one = new(1),
            two = new(2);
        Console.WriteLine($"int8 products with bias, GOP/s, best (median) of {rounds} rounds");
        Console.WriteLine(
            $"{"M x N x K", -18}{"kernels", -13}{"1 core", 12}{"peak", 6}{"share", 7}{"2 cores", 12}{"gain", 7}{"quantize", 10}"
        );
        foreach (var (m, n, k) in Shapes)
        {
            foreach (KernelFamily family in families)
            {
                Measure(family, one, two, (m, n, k), rounds, probed);
            }
        }
    }

    static void Measure(
        KernelFamily family,
        Workers one,
        Workers two,
        (int M, int N, int K) shape,
        int rounds,
        bool probed
    )
    {
        var (m, n, k) = shape;
        Rng rng = new(7);
        Tensor x = Normal(rng.Split("x"), m, k),
            y = new(m, n),
            bias = Normal(rng.Split("bias"), n);
        QuantizedMatrix weights = family.Int8.Pack(Normal(rng.Split("weights"), n, k));
        QuantizedRows rows = new(m, k);
        family.Int8.Quantize(one, x, rows);
        double operations = 2.0 * m * n * k;
        int repeats = Math.Max(1, (int)(MillisecondsPerTiming * 1e-3 * 400e9 / operations));

        double Seconds(Workers workers)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                family.Int8.Multiply(workers, rows, weights, y, new(bias));
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
        }

        double[] single = new double[rounds],
            both = new double[rounds],
            peak = new double[rounds],
            quantize = new double[rounds];
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < rounds; )
        {
            double probe = probed ? DotPeak.Int8() : 0,
                alone = Seconds(one),
                together = Seconds(two);
            long start = Stopwatch.GetTimestamp();
            family.Int8.Quantize(one, x, rows);
            double quantized = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (Stopwatch.GetElapsedTime(begin).TotalSeconds >= WarmSeconds)
            {
                peak[round] = probe / 1e9;
                single[round] = operations / alone / 1e9;
                both[round] = operations / together / 1e9;
                quantize[round] = quantized * 1e6;
                round++;
            }
        }

        var (most, share) = probed
            ? ($"{peak.Max():F0}", $"{single.Max() / peak.Max():P0}")
            : ("-", "-");
        Console.WriteLine(
            $"{$"{m} x {n} x {k}", -18}{family.Name, -13}{Show(single), 12}{most, 6}{share, 7}{Show(both), 12}"
                + $"{both.Max() / single.Max(), 7:F2}{quantize.Min(), 7:F1} us"
        );
    }

    static string Show(double[] values) => $"{values.Max():F0} ({Median(values):F0})";

    static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    static Tensor Normal(Rng rng, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = rng.Normal((ulong)i);
        }

        return tensor;
    }
}
