using System.Diagnostics;
using System.Globalization;
using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Benchmarks;

/// <summary>
/// int8, bf16 and grouped 4-bit products at the shapes of transformer layers: giga-operations a second of one core and of two, and
/// the share of a peak that is probed beside each timing. Best and median of interleaved rounds: the best is
/// the kernel, the median what neighbours left of it. Arguments: rounds (60), how the kernels' names begin (all), how the shapes begin.
/// </summary>
static class ProductTable
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
        // SmolLM2-135M: query, key and value; the attention's output; gate and up; down; words.
        (128, 960, 576),
        (128, 576, 576),
        (128, 3072, 576),
        (128, 576, 1536),
        (1, 960, 576),
        (1, 576, 576),
        (1, 3072, 576),
        (1, 576, 1536),
        (4, 3072, 576),
        (1, 49152, 576),
    ];

    static readonly (int Bits, int Group)[] Grouped = [(4, 32), (4, 64), (4, 128), (8, 64)];

    /// <param name="Lay">What rounding the left-hand side takes by itself; null: it is part of the product.</param>
    /// <param name="Bytes">Of the weights.</param>
    sealed record Case(
        string Name,
        Action<Workers> Product,
        Func<double>? Peak,
        Action? Lay,
        long Bytes
    );

    public static void Run(string[] args)
    {
        int rounds =
            args.Length > 0
                ? int.Parse(args[0], NumberStyles.None, CultureInfo.InvariantCulture)
                : 60;
        using Workers one = new(1),
            two = new(2);
        Console.WriteLine($"products with bias, GOP/s, best (median) of {rounds} rounds");
        Console.WriteLine(
            $"{"M x N x K", -18}{"kernels", -18}{"1 core", 12}{"peak", 6}{"share", 7}{"2 cores", 12}{"gain", 7}{"quantize", 10}{"GB/s 1, 2", 12}"
        );
        string begin = args.Length > 2 ? args[2] : "";
        foreach (var shape in Shapes)
        {
            if (!Name(shape).StartsWith(begin, StringComparison.Ordinal))
            {
                continue;
            }

            foreach (Case each in Cases(shape, one))
            {
                if (
                    args.Length > 1
                        ? each.Name.StartsWith(args[1], StringComparison.Ordinal)
                        : !each.Name.StartsWith("reference", StringComparison.Ordinal)
                )
                {
                    Measure(each, one, two, shape, rounds);
                }
            }
        }
    }

    static IEnumerable<Case> Cases((int M, int N, int K) shape, Workers one)
    {
        var (m, n, k) = shape;
        Rng rng = new(7);
        Tensor x = Normal(rng.Split("x"), m, k),
            weights = Normal(rng.Split("weights"), n, k),
            y = new(m, n);
        Epilogue epilogue = new(Normal(rng.Split("bias"), n));
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            QuantizedMatrix quantized = family.Int8.Pack(weights);
            QuantizedRows rows = new(m, k);
            void Quantize() => family.Int8.Quantize(one, x, rows);
            Quantize();
            yield return new Case(
                family.Name,
                workers => family.Int8.Multiply(workers, rows, quantized, y, epilogue),
                DotPeak.HasInt8 ? DotPeak.Int8 : null,
                Quantize,
                quantized.Bytes
            );
            foreach (var (bits, group) in Grouped)
            {
                GroupedMatrix codes = family.Grouped.Pack(IntGroups.Of(weights, bits, group));
                GroupedRows grouped = new(m, codes);
                void Group() => family.Grouped.Quantize(one, x, grouped);
                Group();
                yield return new Case(
                    $"{family.Name} {bits}/{group}",
                    workers => family.Grouped.Multiply(workers, grouped, codes, y, epilogue),
                    DotPeak.HasInt8 ? DotPeak.Int8 : null,
                    Group,
                    codes.Bytes
                );
            }

            if (family.Bf16 is { } bf16)
            {
                PackedMatrix packed = bf16.Gemm.Pack(one, weights, transposed: true);
                yield return new Case(
                    bf16.Name,
                    workers => bf16.Gemm.Multiply(workers, x, false, packed, y, epilogue),
                    DotPeak.HasBf16 ? DotPeak.Bf16 : null,
                    null,
                    packed.Bytes
                );
            }
        }
    }

    static void Measure(
        Case each,
        Workers one,
        Workers two,
        (int M, int N, int K) shape,
        int rounds
    )
    {
        double operations = 2.0 * shape.M * shape.N * shape.K;
        int repeats = Math.Max(1, (int)(MillisecondsPerTiming * 1e-3 * 400e9 / operations));

        double Seconds(Workers workers)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                each.Product(workers);
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
        }

        double[] single = new double[rounds],
            both = new double[rounds],
            peak = new double[rounds],
            lay = new double[rounds];
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < rounds; )
        {
            double probe = each.Peak?.Invoke() ?? 0,
                alone = Seconds(one),
                together = Seconds(two);
            long start = Stopwatch.GetTimestamp();
            each.Lay?.Invoke();
            double laid = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (Stopwatch.GetElapsedTime(begin).TotalSeconds >= WarmSeconds)
            {
                peak[round] = probe / 1e9;
                single[round] = operations / alone / 1e9;
                both[round] = operations / together / 1e9;
                lay[round] = laid * 1e6;
                round++;
            }
        }

        var (most, share) = each.Peak is null
            ? ("-", "-")
            : ($"{peak.Max():F0}", $"{single.Max() / peak.Max():P0}");
        double read = each.Bytes / operations;
        Console.WriteLine(
            $"{Name(shape), -18}{each.Name, -18}{Show(single), 12}{most, 6}{share, 7}{Show(both), 12}"
                + $"{both.Max() / single.Max(), 7:F2}{(each.Lay is null ? "in it" : $"{lay.Min():F1} us"), 10}"
                + $"{$"{read * single.Max():F0} {read * both.Max():F0}", 12}"
        );
    }

    static string Name((int M, int N, int K) shape) => $"{shape.M} x {shape.N} x {shape.K}";

    static string Show(double[] values) => $"{values.Max():F0} ({Spread.Median(values):F0})";

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
