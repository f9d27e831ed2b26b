using System.Diagnostics;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Benchmarks;

/// <summary>Where the time of a step goes: kernels that look at the clock before and after the ones that they stand for.</summary>
/// <param name="vocabulary">Products with so many rows or columns are those of a language model's head.</param>
sealed class StepParts(int vocabulary)
{
    readonly SortedDictionary<string, double> _seconds = [];
    long _began;
    int _steps;

    public KernelFamily Of(KernelFamily family) =>
        family.With(
            new TimedGemm(this, family.Gemm),
            new TimedRows(this, family.Rows),
            new TimedAttention(this, family.Attention)
        );

    /// <summary>Forgets what was, such as the first steps.</summary>
    public void Begin()
    {
        _seconds.Clear();
        _began = Stopwatch.GetTimestamp();
        _steps = 0;
    }

    public void Stepped() => _steps++;

    public void Write(TextWriter to)
    {
        double all = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        foreach (var (name, seconds) in _seconds.OrderByDescending(p => p.Value))
        {
            Line(name, seconds);
        }

        Line("between the kernels", all - _seconds.Values.Sum());
        void Line(string name, double seconds) =>
            to.WriteLine($"  {name, -28}{1e3 * seconds / _steps, 9:F1} ms{seconds / all, 8:P1}");
    }

    T Time<T>(string name, Func<T> call)
    {
        long start = Stopwatch.GetTimestamp();
        T result = call();
        _seconds[name] =
            _seconds.GetValueOrDefault(name) + Stopwatch.GetElapsedTime(start).TotalSeconds;
        return result;
    }

    void Time(string name, Action call) =>
        Time(
            name,
            () =>
            {
                call();
                return 0;
            }
        );

    string Product(string name, params ReadOnlySpan<int> extents) =>
        extents.Contains(vocabulary) ? $"head, {name}" : name;

    sealed class TimedGemm(StepParts parts, Gemm gemm) : Gemm
    {
        public override PackedMatrix Allocate(int k, int n) => gemm.Allocate(k, n);

        public override void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into) =>
            parts.Time("packing", () => gemm.Pack(workers, b, transposed, into));

        public override void Multiply(
            Workers workers,
            Tensor a,
            bool transposedA,
            PackedMatrix b,
            Tensor c,
            Epilogue epilogue = default
        ) =>
            parts.Time(
                parts.Product("products forward", b.N, b.K),
                () => gemm.Multiply(workers, a, transposedA, b, c, epilogue)
            );

        public override void Multiply(
            Workers workers,
            Tensor a,
            bool transposedA,
            Tensor b,
            Tensor c,
            bool accumulate
        ) =>
            parts.Time(
                parts.Product("products backward", c.Rows),
                () => gemm.Multiply(workers, a, transposedA, b, c, accumulate)
            );

        public override bool Backward(Workers workers, in LinearGradients gradients)
        {
            LinearGradients own = gradients;
            return parts.Time(
                parts.Product("products backward", own.Dy.Columns),
                () => gemm.Backward(workers, own)
            );
        }
    }

    sealed class TimedRows(StepParts parts, RowKernels rows) : RowKernels
    {
        public override void Activate(Workers workers, Activation activation, Tensor x, Tensor y) =>
            parts.Time("gates", () => rows.Activate(workers, activation, x, y));

        public override void ActivateBackward(
            Workers workers,
            Activation activation,
            Tensor x,
            Tensor dy,
            Tensor dx
        ) => parts.Time("gates", () => rows.ActivateBackward(workers, activation, x, dy, dx));

        public override void Gate(Workers workers, in Gated of, Tensor y)
        {
            Gated own = of;
            parts.Time("gates", () => rows.Gate(workers, own, y));
        }

        public override void GateBackward(Workers workers, in Gated of, Tensor dy, in Gated to)
        {
            Gated own = of,
                into = to;
            parts.Time("gates", () => rows.GateBackward(workers, own, dy, into));
        }

        public override void Rotate(
            Workers workers,
            in Rotation rotation,
            Columns x,
            Columns y,
            bool back = false
        )
        {
            Rotation own = rotation;
            parts.Time("rotary embedding", () => rows.Rotate(workers, own, x, y, back));
        }

        public override void AddNorm(
            Workers workers,
            Tensor x,
            Tensor? residual,
            in Norm norm,
            Tensor y,
            Tensor? sum = null,
            Tensor? statistics = null
        )
        {
            Norm own = norm;
            parts.Time("norms", () => rows.AddNorm(workers, x, residual, own, y, sum, statistics));
        }

        public override void NormBackward(
            Workers workers,
            Tensor dy,
            Tensor sum,
            Tensor statistics,
            in Norm norm,
            Tensor dx,
            Tensor weightGradient,
            Tensor? biasGradient,
            Tensor? more = null
        )
        {
            Norm own = norm;
            parts.Time(
                "norms",
                () =>
                    rows.NormBackward(
                        workers,
                        dy,
                        sum,
                        statistics,
                        own,
                        dx,
                        weightGradient,
                        biasGradient,
                        more
                    )
            );
        }

        public override void AddColumnSums(Workers workers, Tensor x, Tensor sums) =>
            parts.Time("sums", () => rows.AddColumnSums(workers, x, sums));

        public override void Dropout(
            Workers workers,
            Rng rng,
            float probability,
            Tensor x,
            Tensor y
        ) => parts.Time("dropout", () => rows.Dropout(workers, rng, probability, x, y));

        public override void Add(Workers workers, Tensor x, Tensor other, Tensor y) =>
            parts.Time("sums", () => rows.Add(workers, x, other, y));

        public override bool AdamW(
            Workers workers,
            in Learned of,
            in AdamWStep step,
            float gradientScale,
            PackedForms forms = default
        )
        {
            Learned own = of;
            AdamWStep taken = step;
            return parts.Time(
                "AdamW and packing",
                () => rows.AdamW(workers, own, taken, gradientScale, forms)
            );
        }

        public override void AdamW(
            Workers workers,
            in Learned of,
            in MissedSteps missed,
            float gradientScale
        )
        {
            Learned own = of;
            MissedSteps steps = missed;
            parts.Time("AdamW and packing", () => rows.AdamW(workers, own, steps, gradientScale));
        }

        // Called inside of jobs, on all threads.
        public override double Exponentials(
            ReadOnlySpan<float> x,
            double most,
            double temperature,
            Span<float> y
        ) => rows.Exponentials(x, most, temperature, y);

        public override double SumOfSquares(Workers workers, Tensor x) =>
            parts.Time("norm of the gradients", () => rows.SumOfSquares(workers, x));
    }

    sealed class TimedAttention(StepParts parts, Attention attention) : Attention
    {
        public override void Forward(
            Workers workers,
            in AttentionCall call,
            Tensor y,
            Tensor? probabilities = null,
            Tensor? keySums = null
        )
        {
            AttentionCall own = call;
            parts.Time(
                "attention forward",
                () => attention.Forward(workers, own, y, probabilities, keySums)
            );
        }

        public override void Continue(Workers workers, in PastCall call, Tensor y) =>
            attention.Continue(workers, call, y);

        public override void Backward(
            Workers workers,
            in AttentionCall call,
            Tensor probabilities,
            Tensor dy,
            Columns dq,
            Columns dk,
            Columns dv
        )
        {
            AttentionCall own = call;
            parts.Time(
                "attention backward",
                () => attention.Backward(workers, own, probabilities, dy, dq, dk, dv)
            );
        }

        public override void Scores(Workers workers, in AttentionCall call, Tensor scores) =>
            attention.Scores(workers, call, scores);

        public override void ScoresBackward(
            Workers workers,
            in AttentionCall call,
            Tensor dScores,
            Columns dq,
            Columns dk
        ) => attention.ScoresBackward(workers, call, dScores, dq, dk);
    }
}
