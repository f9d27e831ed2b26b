using Espalier.Kernels;
using Espalier.Kernels.Int8;
using Espalier.Kernels.Reference;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>Every int8 kernel against plain loops: the same bits, whatever the shape and the threads.</summary>
public sealed class Int8GemmTests
{
    static readonly ReferenceInt8Gemm Reference = new();

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory, MemberData(nameof(Families))]
    public void A_product_of_any_shape_has_the_bits_of_plain_loops(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        Rng rng = new(1);
        using Workers workers = new(2);
        for (int round = 0; round < 150; round++)
        {
            // The first rounds walk through every number of rows and columns of a tile.
            Rng dice = rng.Split((ulong)round);
            int m = round < 70 ? 1 + round : 1 + dice.Below(70, 0),
                n = round < 70 ? 1 + 3 * round : 1 + dice.Below(200, 1),
                k = 1 + dice.Below(300, 2);
            Tensor x = Normal(dice.Split("x"), m, k),
                weights = Normal(dice.Split("weights"), n, k);
            Epilogue epilogue = new(round % 2 == 0 ? Normal(dice.Split("bias"), n) : null);
            AssertBits(
                $"[{m}, {k}] x [{n}, {k}]",
                Multiply(Reference, workers, x, weights, epilogue),
                Multiply(int8, workers, x, weights, epilogue)
            );
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void The_activation_comes_after_scales_and_bias(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        Rng rng = new(2);
        using Workers workers = new(2);
        Tensor x = Normal(rng.Split("x"), 11, 37),
            weights = Normal(rng.Split("weights"), 83, 37),
            bias = Normal(rng.Split("bias"), 83);
        foreach (
            var (activation, biased) in from a in Enum.GetValues<Activation>()
            from biased in (bool[])[true, false]
            select (a, biased)
        )
        {
            Epilogue epilogue = new(biased ? bias : null, activation);
            Tensor expected = Multiply(Reference, workers, x, weights, epilogue),
                actual = Multiply(int8, workers, x, weights, epilogue);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.True(
                    Math.Abs(expected.Span[i] - actual.Span[i])
                        <= 2e-6 * Math.Max(1, Math.Abs(expected.Span[i])),
                    $"{activation} at {i}: expected {expected.Span[i]}, got {actual.Span[i]}"
                );
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void One_two_and_eight_threads_give_the_same_bytes(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        Rng rng = new(3);
        Tensor x = Normal(rng.Split("x"), 101, 260),
            weights = Normal(rng.Split("weights"), 330, 260),
            bias = Normal(rng.Split("bias"), 330);
        Epilogue epilogue = new(bias, Activation.Relu);
        using Workers one = new(1);
        Tensor alone = Multiply(int8, one, x, weights, epilogue);
        foreach (int threads in (int[])[2, 8])
        {
            using Workers workers = new(threads);
            AssertBits($"{threads} threads", alone, Multiply(int8, workers, x, weights, epilogue));
        }
    }

    // All bytes at their ends: the largest sums there are, of both signs, with both largest zero points.
    [Theory, MemberData(nameof(Families))]
    public void Sums_stay_exact_up_to_65536_inputs(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        using Workers workers = new(1);
        Tensor weights = new(2, Int8Gemm.MaximumInputs);
        weights.Row(0).Fill(1);
        weights.Row(1).Fill(-1);
        QuantizedRows x = new(2, Int8Gemm.MaximumInputs) { Rows = 2 };
        x.Values.AsSpan(0, x.Stride).Fill(255);
        (x.Scales[0], x.Scales[1], x.ZeroPoints[1]) = (1, 1, 255);
        Tensor y = new(2, 2);
        int8.Multiply(workers, x, int8.Pack(weights), y);
        const int most = 255 * 127 * Int8Gemm.MaximumInputs;
        float value = most * (1f / 127f);
        Assert.Equal([value, -value, -value, value], y.Span.ToArray());
    }

    [Theory, MemberData(nameof(Families))]
    public void Rows_are_quantized_with_the_bits_of_plain_loops(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        Rng rng = new(4);
        using Workers workers = new(2);
        float[][] special =
        [
            [0f, -0f],
            [float.NaN, 1],
            [float.PositiveInfinity, -1],
            [float.NegativeInfinity],
            [float.MaxValue, float.MinValue],
            [float.Epsilon, -float.Epsilon],
            [1e-40f, -3e-41f, 2e-43f],
            [127.5f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -127.5f],
            [-1, -2, -3],
            [5, 6, 7],
        ];
        for (int columns = 1; columns <= 140; columns++)
        {
            Tensor x = Normal(rng.Split("x"), special.Length + 60, columns);
            for (int r = 0; r < special.Length; r++)
            {
                for (int i = 0; i < columns; i++)
                {
                    // The odd one first, last and everywhere.
                    x.Row(r)[columns - 1 - i] = special[r][i % special[r].Length];
                }
            }

            QuantizedRows expected = new(x.Rows, columns),
                actual = new(x.Rows, columns);
            Reference.Quantize(workers, x, expected);
            int8.Quantize(workers, x, actual);
            Assert.Equal(x.Rows, actual.Rows);
            Assert.Equal(expected.Scales, actual.Scales);
            Assert.Equal(expected.ZeroPoints, actual.ZeroPoints);
            Assert.Equal(expected.Values, actual.Values);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.MaxValue)]
    [InlineData(float.Epsilon)]
    [InlineData(190 * float.Epsilon)]
    [InlineData(1e-38f)]
    public void Odd_weights_quantize_alike_in_vectors_and_within_127(float odd)
    {
        for (int length = 1; length < 40; length++)
        {
            float[] row = new float[length];
            row[length / 2] = odd;
            row[0] = -odd / 2;
            sbyte[] expected = new sbyte[length],
                actual = new sbyte[length];
            Assert.Equal(Int8Rows.Quantize(row, expected), RowQuantizer.Weights(row, actual));
            Assert.Equal(expected, actual);
            Assert.All(actual, q => Assert.InRange(q, (sbyte)-127, (sbyte)127));
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Nothing_is_allocated_once_weights_are_packed(string family)
    {
        if (family == "reference")
        {
            return; // plain loops run delegates
        }

        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        Rng rng = new(5);
        using Workers workers = new(2);
        Tensor x = Normal(rng.Split("x"), 100, 300),
            y = new(100, 200),
            bias = Normal(rng.Split("bias"), 200);
        QuantizedMatrix weights = int8.Pack(Normal(rng.Split("weights"), 200, 300));
        QuantizedRows rows = new(100, 300);
        TenTimes();
        Assert.Equal(0, Allocation.Least(TenTimes));

        void TenTimes()
        {
            for (int i = 0; i < 10; i++)
            {
                int8.Quantize(workers, x, rows);
                int8.Multiply(workers, rows, weights, y, new(bias, Activation.Relu));
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void What_does_not_fit_is_refused_with_its_numbers(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        using Workers workers = new(1);
        QuantizedMatrix weights = int8.Pack(new Tensor(3, 8));
        QuantizedRows rows = new(2, 8) { Rows = 2 };
        string Refusal(Action act) => Assert.Throws<ArgumentException>(act).Message;
        Assert.Contains(
            "[1, 65537]",
            Refusal(() => int8.Pack(new Tensor(1, Int8Gemm.MaximumInputs + 1)))
        );
        Assert.Contains("[3, 8]", Refusal(() => int8.Quantize(workers, new Tensor(3, 8), rows)));
        Assert.Contains(
            "y [2, 4]",
            Refusal(() => int8.Multiply(workers, rows, weights, new Tensor(2, 4)))
        );
        Tensor y = new(2, 3);
        Assert.Contains(
            "bias is [4]",
            Refusal(() => int8.Multiply(workers, rows, weights, y, new(new Tensor(4))))
        );
        Assert.Contains(
            "Linear",
            Refusal(() => int8.Multiply(workers, rows, weights, y, new(Accumulate: true)))
        );
    }

    static Tensor Multiply(
        Int8Gemm int8,
        Workers workers,
        Tensor x,
        Tensor weights,
        Epilogue epilogue
    )
    {
        QuantizedRows rows = new(x.Rows, x.Columns);
        int8.Quantize(workers, x, rows);
        Tensor y = new(x.Rows, weights.Rows);
        y.Span.Fill(float.NaN);
        int8.Multiply(workers, rows, int8.Pack(weights), y, epilogue);
        return y;
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

    static void AssertBits(string what, Tensor expected, Tensor actual)
    {
        for (int i = 0; i < expected.Count; i++)
        {
            float e = expected.Span[i],
                a = actual.Span[i];
            Assert.True(
                BitConverter.SingleToInt32Bits(e) == BitConverter.SingleToInt32Bits(a),
                $"{what}, element {i}: expected {e:R}, got {a:R}"
            );
        }
    }
}
