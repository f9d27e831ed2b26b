using System.Diagnostics;
using System.Globalization;
using Espalier.Kernels;
using Espalier.Kernels.Bf16;
using Espalier.Kernels.Emit;
using Espalier.Tensors;

namespace Espalier.Benchmarks;

/// <summary>
/// Shapes by families by threads: GF/s, share of the peak that was probed in the same rounds, and what two
/// threads gain. Every round runs the peak and every case once, so a slow spell of the machine hits all alike.
/// </summary>
static class GemmTable
{
    const double CaseSeconds = 0.004;
    const int DefaultRounds = 15;

    // The shapes of training and answering with widths 384/1536 and 768; dW reads a transposed and adds.
    static readonly Shape[] Shapes =
    [
        new("forward", 512, 768, 768),
        new("forward", 40, 384, 1536),
        new("forward", 40, 384, 384),
        new("forward", 40, 1536, 384),
        new("forward", 300, 384, 384),
        new("forward", 300, 1536, 384),
        new("forward", 300, 384, 1536),
        new("forward", 850, 384, 384),
        new("forward", 850, 1536, 384),
        new("forward", 850, 384, 1536),
        new("dW+pack", 384, 384, 300),
        new("dW+pack", 1536, 384, 300),
        new("dW+pack", 384, 1536, 850),
        new("dW+pack", 1536, 384, 850),
        new("packT", 0, 1536, 384),
        new("packT", 0, 384, 1536),
        new("pack", 0, 1536, 384),
    ];

    sealed record Shape(string Kind, int M, int N, int K);

    sealed class Case(Shape shape, KernelFamily family, Workers workers)
    {
        readonly Tensor _a = Random(
            shape.Kind == "dW+pack" ? [shape.K, shape.M] : [shape.M, shape.K]
        );
        readonly Tensor _b = Random(
            shape.Kind == "packT" ? [shape.N, shape.K] : [shape.K, shape.N]
        );
        readonly Tensor _c = new(shape.M, shape.N);
        readonly PackedMatrix _packed = family.Gemm.Allocate(shape.K, shape.N);

        public Shape Shape => shape;
        public KernelFamily Family => family;
        public int Threads => workers.Threads;

        /// <summary>Floating-point operations, or bytes read and written where the case only packs.</summary>
        public double Work =>
            shape.M == 0 ? 8.0 * shape.N * shape.K : 2.0 * shape.M * shape.N * shape.K;

        public List<double> Rates { get; } = [];

        public void Once()
        {
            if (shape.Kind != "forward" || Rates.Count == 0)
            {
                family.Gemm.Pack(workers, _b, shape.Kind == "packT", _packed);
            }

            if (shape.M > 0)
            {
                bool gradient = shape.Kind == "dW+pack";
                Epilogue epilogue = new(Accumulate: gradient);
                family.Gemm.Multiply(workers, _a, gradient, _packed, _c, epilogue);
            }
        }

        public void Measure()
        {
            int runs = 0;
            long start = Stopwatch.GetTimestamp();
            double seconds;
            do
            {
                Once();
                runs++;
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            } while (seconds < CaseSeconds);
            Rates.Add(Work * runs / seconds / 1e9);
        }
    }

    /// <param name="arguments">Nothing, or the number of rounds.</param>
    public static void Run(string[] arguments)
    {
        int rounds =
            arguments.Length > 0
                ? int.Parse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture)
                : DefaultRounds;
        using Workers one = new(1),
            two = new(2);
        List<Case> cases =
        [
            .. from shape in Shapes
            from plain in KernelFamily.All
            where plain.IsSupported && plain.Name != "reference"
            from family in plain.Bf16 is { } bf16 ? [plain, bf16] : new[] { plain }
            from workers in new[] { one, two }
            select new Case(shape, family, workers),
        ];
        foreach (Case each in cases)
        {
            each.Once();
        }

        List<double> peaks = [],
            bf16Peaks = [];
        FmaProbe.Measure();
        for (int round = 0; round < rounds; round++)
        {
            foreach (Case each in cases)
            {
                each.Measure();
            }

            peaks.Add(FmaProbe.Measure());
            if (AmxBf16Gemm.IsSupported || DotBf16Gemm.IsSupported)
            {
                bf16Peaks.Add(DotPeak.Bf16() / 1e9);
            }
        }

        Print(cases, peaks, bf16Peaks);
    }

    static void Print(List<Case> cases, List<double> peaks, List<double> bf16Peaks)
    {
        double peak = Spread.Median(peaks),
            bf16Peak = bf16Peaks.Count > 0 ? Spread.Median(bf16Peaks) : 0;
        if (bf16Peaks.Count > 0)
        {
            Console.WriteLine(
                $"bf16 dot-product peak of one core: {bf16Peak:F1} GF/s ({Spread.Quartiles(bf16Peaks)})"
            );
        }

        Console.WriteLine(
            $"fp32 FMA peak of one core: {peak:F1} GF/s ({Spread.Quartiles(peaks)}), n = {peaks.Count}; "
                + "medians and quartiles; packing alone in GB/s read and written"
        );
        Console.WriteLine(
            $"{"kind", -8} {"M x N x K", -14} {"family", -16} {"1 thread", 8} {"quartiles", 13} {"of peak", 7} "
                + $"{"2 threads", 9} {"quartiles", 13} {"gain", 5}"
        );
        for (int i = 0; i + 1 < cases.Count; i += 2)
        {
            Case one = cases[i],
                two = cases[i + 1];
            double single = Spread.Median(one.Rates),
                both = Spread.Median(two.Rates);
            Shape shape = one.Shape;
            string share =
                shape.M == 0
                    ? ""
                    : $"{100 * single / (one.Family.Gemm is TiledBf16Gemm ? bf16Peak : peak):F0} %";
            Console.WriteLine(
                $"{shape.Kind, -8} {$"{shape.M}x{shape.N}x{shape.K}", -14} {one.Family.Name, -16} "
                    + $"{single, 8:F1} {Spread.Quartiles(one.Rates), 13} {share, 7} {both, 9:F1} {Spread.Quartiles(two.Rates), 13} "
                    + $"{both / single, 5:F2}"
            );
        }
    }

    static Tensor Random(params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        Rng rng = new(1);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = rng.Normal((ulong)i);
        }

        return tensor;
    }
}
