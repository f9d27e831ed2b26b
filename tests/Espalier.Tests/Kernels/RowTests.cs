using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>Every family's row kernels against the reference, at sizes around every width, block and chunk.</summary>
public sealed class RowTests
{
    static readonly RowKernels Reference = KernelFamily.All[^1].Rows;
    static readonly Workers One = new(1);
    static readonly Workers Two = new(2);
    static readonly Workers Eight = new(8);

    public static TheoryData<string, int, int> Cases
    {
        get
        {
            TheoryData<string, int, int> cases = [];
            (int, int)[] shapes =
            [
                (1, 1),
                (1, 7),
                (3, 8),
                (16, 16),
                (17, 33),
                (5, 100),
                (33, 129),
                (70, 384),
                (200, 312),
                (64, 768),
            ];
            foreach (string family in Families)
            {
                foreach (var (rows, columns) in shapes)
                {
                    cases.Add(family, rows, columns);
                }
            }

            return cases;
        }
    }

    public static IEnumerable<string> Families =>
        KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_norm_and_its_gradients_are_those_of_the_reference(
        string family,
        int rows,
        int columns
    )
    {
        foreach (NormKind kind in Enum.GetValues<NormKind>())
        {
            foreach (bool bias in (bool[])[true, false])
            {
                NormCase expected = new(rows, columns, kind, bias, more: !bias),
                    actual = new(rows, columns, kind, bias, more: !bias);
                expected.Run(Reference, One);
                actual.Run(KernelFamily.Choose(family).Rows, Two);
                string what = $"of {kind}{(bias ? "" : " without bias")}";
                Near.Assert(expected.Y, actual.Y, 3e-6, $"y {what}");
                Near.Assert(expected.Sum, actual.Sum, 0, $"sum {what}");
                Near.Assert(expected.Statistics, actual.Statistics, 1e-5, $"statistics {what}");
                Near.Assert(expected.Dx, actual.Dx, 1e-5, $"dx {what}");
                Near.Assert(expected.WeightGradient, actual.WeightGradient, 2e-5, $"dw {what}");
                Near.Assert(expected.BiasGradient, actual.BiasGradient, 2e-5, $"db {what}");
            }
        }
    }

    [Theory]
    [InlineData(NormKind.Layer)]
    [InlineData(NormKind.RootMeanSquare)]
    public void The_gradients_of_the_reference_norm_are_its_finite_differences(NormKind kind)
    {
        const float step = 1e-2f;
        NormCase norm = new(3, 12, kind, more: false);
        norm.Run(Reference, One);
        Check(norm.X, norm.Dx, 0);
        Check(norm.Weight, norm.WeightGradient, 1);
        Check(norm.Bias, norm.BiasGradient, 1);

        // Gradients of parameters were added to ones.
        void Check(Tensor moved, Tensor gradient, float before)
        {
            for (int i = 0; i < moved.Count; i++)
            {
                float here = moved.Span[i];
                moved.Span[i] = here + step;
                double up = Loss();
                moved.Span[i] = here - step;
                double down = Loss();
                moved.Span[i] = here;
                Assert.Equal((up - down) / (2 * step), gradient.Span[i] - before, 1e-3);
            }
        }

        double Loss()
        {
            Tensor y = new(norm.X.Shape);
            Reference.AddNorm(One, norm.X, norm.Residual, norm.Norm, y);
            double loss = 0;
            for (int i = 0; i < y.Count; i++)
            {
                loss += (double)y.Span[i] * norm.Dy.Span[i];
            }

            return loss;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_norm_in_place_and_without_a_residual_is_the_same(
        string family,
        int rows,
        int columns
    )
    {
        RowKernels kernels = KernelFamily.Choose(family).Rows;
        NormCase norm = new(rows, columns);
        Tensor expected = new(rows, columns),
            sum = norm.X.Clone(),
            inPlace = norm.X.Clone();
        Reference.AddNorm(One, norm.X, null, norm.Norm, expected);
        kernels.AddNorm(Two, inPlace, null, norm.Norm, inPlace);
        Near.Assert(expected, inPlace, 3e-6, "in place");
        kernels.AddNorm(Two, sum, norm.Residual, norm.Norm, expected, sum);
        Tensor stream = norm.Residual.Clone();
        kernels.AddNorm(Two, norm.X, stream, norm.Norm, inPlace, stream);
        Near.Assert(expected, inPlace, 0, "beside the sum, over the residual");
        kernels.Add(One, norm.Residual, norm.X, norm.X);
        Near.Assert(norm.X, sum, 0, "the sum, over x");
        Near.Assert(norm.X, stream, 0, "the sum, over the residual");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Dropout_and_AdamW_give_the_very_bits_of_the_reference(
        string family,
        int rows,
        int columns
    )
    {
        RowKernels kernels = KernelFamily.Choose(family).Rows;
        Rng rng = new(0xFEDC_BA98_7654_3210);
        Tensor x = Filled.Normal(1, rows, columns),
            expected = new(rows, columns),
            actual = new(rows, columns);
        foreach (float probability in (float[])[0, 0.1f, 0.5f])
        {
            Reference.Dropout(One, rng, probability, x, expected);
            kernels.Dropout(Two, rng, probability, x, actual);
            Near.Assert(expected, actual, 0, $"dropout {probability}");
        }

        Tensor[] states =
        [
            x.Clone(),
            Filled.Normal(2, rows, columns),
            Filled.Normal(3, rows, columns),
            Filled.Normal(4, rows, columns),
        ];
        kernels.Activate(One, Activation.Relu, states[3], states[3]);
        Tensor[] copies = [.. states.Select(t => t.Clone())];
        AdamWStep step = new(1e-3f, 0.01f, 0.9f, 0.999f, 1e-8f, 0.19f, 0.002f);
        Reference.AdamW(One, new(states[0], states[1], states[2], states[3]), step, 0.7f);
        kernels.AdamW(Two, new(copies[0], copies[1], copies[2], copies[3]), step, 0.7f);
        foreach (int i in (int[])[0, 1, 2, 3])
        {
            Near.Assert(states[i], copies[i], 0, $"AdamW tensor {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Activations_and_sums_are_those_of_the_reference(
        string family,
        int rows,
        int columns
    )
    {
        RowKernels kernels = KernelFamily.Choose(family).Rows;
        Tensor x = Filled.Normal(1, rows, columns),
            dy = Filled.Normal(2, rows, columns),
            expected = new(rows, columns),
            actual = new(rows, columns);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Reference.Activate(One, activation, x, expected);
            kernels.Activate(Two, activation, x, actual);
            Near.Assert(expected, actual, 1e-6, $"{activation}");
            Reference.ActivateBackward(One, activation, x, dy, expected);
            kernels.ActivateBackward(Two, activation, x, dy, actual);
            Near.Assert(expected, actual, 2e-6, $"{activation} backward");
        }

        Tensor halves = Filled.Normal(6, rows, 2 * columns),
            slopes = new(rows, 2 * columns + 3),
            other = new(rows, 2 * columns + 3);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            // The second half is the gate, and three columns behind both belong to nobody.
            Columns gate = new(halves, columns),
                up = new(halves);
            Gated of = new(activation, gate, up);
            Reference.Gate(One, of, expected);
            kernels.Gate(Two, of, actual);
            Near.Assert(expected, actual, 1e-6, $"{activation} as a gate");
            Reference.GateBackward(One, of, dy, new(activation, new(slopes, columns), new(slopes)));
            kernels.GateBackward(Two, of, dy, new(activation, new(other, columns), new(other)));
            Near.Assert(slopes, other, 3e-6, $"{activation} as a gate backward");
        }

        Tensor sums = Filled.Normal(3, columns),
            same = sums.Clone();
        Reference.AddColumnSums(One, x, sums);
        kernels.AddColumnSums(Two, x, same);
        Near.Assert(sums, same, 2e-6 * Math.Sqrt(rows), "column sums");
        double square = Reference.SumOfSquares(One, x);
        Assert.Equal(square, kernels.SumOfSquares(Two, x), 1e-12 * square);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Turning_heads_is_that_of_the_reference_and_turning_back_undoes_it(
        string family,
        int rows,
        int columns
    )
    {
        RowKernels kernels = KernelFamily.Choose(family).Rows;
        int width = columns + 1;
        int[] positions = [.. Enumerable.Range(0, rows).Select(r => r * 7 % 50)];
        foreach (int turned in (int[])[width / 2 * 2, Math.Max(2, width / 4 * 2)])
        {
            // Two heads, with three columns in front and two behind that belong to nobody.
            Rotation rotation = new(new RotaryTable(turned, 10_000, 50), positions, 2, width);
            Tensor x = Filled.Normal(1, rows, 2 * width + 5),
                expected = x.Clone(),
                actual = x.Clone(),
                apart = x.Clone();
            Reference.Rotate(One, rotation, new(x, 3), new(expected, 3));
            kernels.Rotate(Two, rotation, new(actual, 3), new(actual, 3));
            kernels.Rotate(Two, rotation, new(x, 3), new(apart, 3));
            Near.Assert(expected, actual, 1e-6, "in place");
            Near.Assert(actual, apart, 0, "apart");
            kernels.Rotate(Two, rotation, new(actual, 3), new(actual, 3), back: true);
            Near.Assert(x, actual, 2e-6, "back");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_two_and_eight_threads_give_the_same_bits(string family, int rows, int columns)
    {
        RowKernels kernels = KernelFamily.Choose(family).Rows;
        Tensor[] one = All(kernels, One, rows, columns);
        foreach (Workers workers in (Workers[])[Two, Eight])
        {
            Tensor[] more = All(kernels, workers, rows, columns);
            for (int i = 0; i < one.Length; i++)
            {
                Near.Assert(one[i], more[i], 0, $"result {i} with {workers.Threads} threads");
            }
        }
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_call()
    {
        foreach (KernelFamily family in KernelFamily.All.SkipLast(1).Where(f => f.IsSupported))
        {
            NormCase norm = new(100, 384);
            Tensor x = norm.X.Clone();
            AdamWStep step = new(1e-3f, 0.01f, 0.9f, 0.999f, 1e-8f, 0.19f, 0.002f);
            Rotation rotation = new(new RotaryTable(32, 10_000, 1), new int[100], 12, 32);
            Round();
            Round();
            long allocated = Allocation.Least(Round);
            Assert.True(allocated == 0, $"{family.Name}: {allocated} bytes in one round");

            void Round()
            {
                norm.Run(family.Rows, One);
                family.Rows.Dropout(One, new Rng(1), 0.1f, x, x);
                family.Rows.Activate(One, Activation.Gelu, x, x);
                family.Rows.ActivateBackward(One, Activation.Gelu, x, norm.Dy, x);
                family.Rows.Gate(One, new(Activation.Silu, new(norm.Dy), new(x)), x);
                family.Rows.GateBackward(
                    One,
                    new(Activation.Silu, new(norm.Dy), new(x)),
                    x,
                    new(Activation.Silu, new(norm.Dx), new(x))
                );
                family.Rows.Rotate(One, rotation, new(x), new(x));
                family.Rows.AddColumnSums(One, x, norm.BiasGradient);
                family.Rows.Add(One, x, norm.X, norm.X);
                family.Rows.AdamW(One, new(x, norm.X, norm.Dx, norm.Dy), step, 1);
                family.Rows.SumOfSquares(One, x);
            }
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused_in_a_sentence()
    {
        foreach (KernelFamily family in KernelFamily.All.SkipLast(1))
        {
            var error = Assert.Throws<ArgumentException>(() =>
                family.Rows.Activate(One, Activation.Gelu, new Tensor(2, 3), new Tensor(3, 2))
            );
            Assert.Equal(
                "Activate: y is [3, 2]; it must be [2, 3] like the first tensor.",
                error.Message
            );
            Tensor x = new(2, 8);
            Rotation late = new(new RotaryTable(4, 10_000, 3), [0, 3], 2, 4);
            Refused(
                "row 1 stands at position 3; the table has 0 to 2",
                () => family.Rows.Rotate(One, late, new(x), new(x))
            );
            Refused(
                "2 heads of 4, 4 of them turned, must fit",
                () => family.Rows.Rotate(One, late, new(x, 1), new(x))
            );
            Refused(
                "[2, 8] from column 5 on does not hold [2, 4]",
                () =>
                    family.Rows.Gate(One, new(Activation.Silu, new(x, 5), new(x)), new Tensor(2, 4))
            );
        }
    }

    static void Refused(string part, Action call) =>
        Assert.Contains(part, Assert.Throws<ArgumentException>(call).Message);

    static Tensor[] All(RowKernels kernels, Workers workers, int rows, int columns)
    {
        NormCase norm = new(rows, columns);
        norm.Run(kernels, workers);
        Tensor dropped = new(rows, columns),
            slope = new(rows, columns),
            sums = new(columns),
            squares = new(1);
        kernels.Dropout(workers, new Rng(5), 0.1f, norm.X, dropped);
        kernels.ActivateBackward(workers, Activation.Gelu, norm.X, norm.Dy, slope);
        kernels.AddColumnSums(workers, norm.X, sums);
        squares.Span[0] = (float)kernels.SumOfSquares(workers, norm.X);
        return
        [
            norm.Y,
            norm.Dx,
            norm.WeightGradient,
            norm.BiasGradient,
            dropped,
            slope,
            sums,
            squares,
        ];
    }

    sealed class NormCase(
        int rows,
        int columns,
        NormKind kind = NormKind.Layer,
        bool bias = true,
        bool more = false
    )
    {
        public Tensor X { get; } = Filled.Normal(1, rows, columns);
        public Tensor Residual { get; } = Filled.Normal(2, rows, columns);
        public Tensor Weight => Norm.Weight;
        public Tensor Bias => Norm.Bias!;
        public Norm Norm { get; } =
            new(
                Filled.Normal(3, columns),
                bias ? Filled.Normal(4, columns) : null,
                columns == 1 ? 1 : 1e-5f,
                kind
            );
        public Tensor Dy { get; } = Filled.Normal(5, rows, columns);
        public Tensor Y { get; } = new(rows, columns);
        public Tensor Sum { get; } = new(rows, columns);
        public Tensor Statistics { get; } = new(rows, 2);

        /// <summary>Where there is more of it, that is here before.</summary>
        public Tensor Dx { get; } = Filled.Normal(6, rows, columns);
        public Tensor WeightGradient { get; } = new(columns);
        public Tensor BiasGradient { get; } = new(columns);

        public void Run(RowKernels kernels, Workers workers)
        {
            WeightGradient.Span.Fill(1);
            BiasGradient.Span.Fill(1);
            kernels.AddNorm(workers, X, Residual, Norm, Y, Sum, Statistics);
            kernels.NormBackward(
                workers,
                Dy,
                Sum,
                Statistics,
                Norm,
                Dx,
                WeightGradient,
                bias ? BiasGradient : null,
                more ? Dx : null
            );
        }
    }
}
