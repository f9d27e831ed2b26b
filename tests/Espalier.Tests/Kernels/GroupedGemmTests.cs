using Espalier.Kernels;
using Espalier.Kernels.Reference;
using Espalier.Stored;
using Espalier.Tensors;
using static Espalier.Tests.Kernels.GroupedCase;

namespace Espalier.Tests.Kernels;

/// <summary>Products with weights in groups: every kernel against plain loops, the same bits.</summary>
public sealed class GroupedGemmTests
{
    static readonly ReferenceGroupedGemm Reference = new();

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory, MemberData(nameof(Families))]
    public void A_product_of_any_shape_has_the_bits_of_plain_loops(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        Rng rng = new(1);
        using Workers workers = new(2);
        for (int round = 0; round < 160; round++)
        {
            // The first rounds walk through every number of rows and columns of a tile.
            Rng dice = rng.Split((ulong)round);
            int m = round < 60 ? 1 + round : 1 + dice.Below(60, 0),
                n = round < 60 ? 1 + 3 * round : 1 + dice.Below(200, 1),
                k = 1 + dice.Below(300, 2),
                group = 8 << round / 4 % 5;
            GroupedWeight weights = Weights(dice.Split("weights"), (Kind)(round % 4), n, k, group);
            Tensor x = Normal(dice.Split("x"), m, k);
            Epilogue epilogue = new(round % 3 == 0 ? Normal(dice.Split("bias"), n) : null);
            AssertBits(
                $"{(Kind)(round % 4)} [{m}, {k}] x [{n}, {k}] in groups of {group}",
                Multiply(Reference, workers, x, weights, epilogue),
                Multiply(gemm, workers, x, weights, epilogue)
            );
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void A_product_is_that_of_the_dense_weights_but_for_the_rounding_of_x(int group)
    {
        using Workers workers = new(1);
        foreach (Kind kind in Enum.GetValues<Kind>())
        {
            GroupedWeight weights = Weights(new Rng(2), kind, 20, 150, group);
            Tensor x = Normal(new Rng(3), 5, 150),
                dense = weights.Dense(),
                y = Multiply(Reference, workers, x, weights);
            for (int r = 0; r < 5; r++)
            {
                for (int o = 0; o < 20; o++)
                {
                    double exact = 0,
                        norm = 0;
                    for (int i = 0; i < 150; i++)
                    {
                        exact += (double)x.Row(r)[i] * dense.Row(o)[i];
                        norm += (double)dense.Row(o)[i] * dense.Row(o)[i];
                    }

                    // A byte is off by 3/254 · √(1/3) of a deviation or so, two bytes by 1/256 of that; six of the sum's own are never seen.
                    double bound = 6 * (weights.Bits == 8 ? 0.00004 : 0.008) * Math.Sqrt(norm);
                    Assert.True(
                        Math.Abs(exact - y.Row(r)[o]) < bound,
                        $"{kind} at {r}, {o}: {exact} in fp32, {y.Row(r)[o]} in bytes; {bound} apart at most"
                    );
                }
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void A_row_has_the_same_numbers_alone_and_among_others_and_whatever_the_threads(
        string family
    )
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        GroupedWeight weights = Weights(new Rng(4), Kind.FourBits, 330, 260, 64);
        Tensor x = Normal(new Rng(5), 101, 260);
        Epilogue epilogue = new(Normal(new Rng(6), 330), Activation.Relu);
        using Workers one = new(1);
        Tensor all = Multiply(gemm, one, x, weights, epilogue);
        foreach (int threads in (int[])[2, 8])
        {
            using Workers workers = new(threads);
            AssertBits($"{threads} threads", all, Multiply(gemm, workers, x, weights, epilogue));
        }

        foreach (int row in (int[])[0, 3, 57, 100])
        {
            Tensor single = new(new Shape(1, 260), x.Row(row));
            AssertBits(
                $"row {row}",
                new Tensor(new Shape(1, 330), all.Row(row)),
                Multiply(gemm, one, single, weights, epilogue)
            );
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void The_activation_comes_after_scales_and_bias(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        using Workers workers = new(2);
        GroupedWeight weights = Weights(new Rng(7), Kind.FourBits, 83, 37, 32);
        Tensor x = Normal(new Rng(8), 11, 37);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Epilogue epilogue = new(Normal(new Rng(9), 83), activation);
            Tensor expected = Multiply(Reference, workers, x, weights, epilogue),
                actual = Multiply(gemm, workers, x, weights, epilogue);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.Equal(
                    expected.Span[i],
                    actual.Span[i],
                    2e-6 * Math.Max(1, Math.Abs(expected.Span[i]))
                );
            }
        }
    }

    // All bytes at their ends, in one group as large as there are.
    [Theory, MemberData(nameof(Families))]
    public void Sums_of_a_group_stay_exact_at_the_ends_of_all_bytes(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        using Workers workers = new(1);
        Tensor ones = new(2, 8192),
            x = new(2, 8192);
        ones.Row(0).Fill(1);
        ones.Row(1).Fill(-1);
        x.Row(0).Fill(1);
        x.Row(1).Fill(-1);
        Tensor expected = Multiply(Reference, workers, x, IntGroups.Of(ones, 8, 8192)),
            actual = Multiply(gemm, workers, x, IntGroups.Of(ones, 8, 8192));
        AssertBits("ends", expected, actual);
        Assert.Equal(8192, actual.Span[0], 40.0);
    }

    [Theory, MemberData(nameof(Families))]
    public void What_is_no_number_stays_none_and_tiny_numbers_are_zeros(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        using Workers workers = new(1);
        GroupedWeight weights = Weights(new Rng(10), Kind.FourBits, 20, 64, 32);
        float[] odd = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-37f, 0, -0f];
        Tensor x = new(odd.Length, 64);
        for (int r = 0; r < odd.Length; r++)
        {
            x.Row(r)[40 + r] = odd[r];
        }

        Tensor expected = Multiply(Reference, workers, x, weights),
            actual = Multiply(gemm, workers, x, weights);
        for (int r = 0; r < odd.Length; r++)
        {
            foreach (Tensor y in (Tensor[])[expected, actual])
            {
                Assert.All(y.Row(r).ToArray(), v => Assert.Equal(r < 3, float.IsNaN(v)));
                Assert.True(r < 3 || y.Row(r).IndexOfAnyExcept(0f) < 0, $"row {r}");
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void A_table_is_looked_up_in_the_copy_that_is_multiplied_with(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        foreach (Kind kind in Enum.GetValues<Kind>())
        {
            GroupedWeight weights = Weights(new Rng(11), kind, 150, 90, 32);
            GroupedMatrix packed = gemm.Pack(weights);
            for (int r = 0; r < weights.Rows; r++)
            {
                float[] expected = new float[90],
                    actual = new float[90];
                weights.AddRow(r, expected);
                packed.AddRow(r, actual);

                // A third has more bits than an offset there; what Espalier rounds has not.
                double apart = kind == Kind.EightBitsWithOffsets ? 0.0005 : 0;
                Assert.All(
                    expected.Zip(actual),
                    v => Assert.Equal(v.First, v.Second, apart * (1 + Math.Abs(v.First)))
                );
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Nothing_is_allocated_once_weights_are_packed(string family)
    {
        if (family == "reference")
        {
            return; // plain loops run delegates
        }

        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        using Workers workers = new(2);
        Tensor x = Normal(new Rng(12), 100, 300),
            y = new(100, 200),
            bias = Normal(new Rng(13), 200);
        GroupedMatrix weights = gemm.Pack(Weights(new Rng(14), Kind.FourBits, 200, 300, 64));
        GroupedRows rows = new(100, weights);
        TenTimes();
        Assert.Equal(0, Allocation.Least(TenTimes));

        void TenTimes()
        {
            for (int i = 0; i < 10; i++)
            {
                gemm.Quantize(workers, x, rows);
                gemm.Multiply(workers, rows, weights, y, new(bias, Activation.Relu));
            }
        }
    }

    [Fact]
    public void In_memory_four_bits_in_groups_of_64_are_four_and_a_half()
    {
        KernelFamily family = KernelFamily.Choose(null);
        Assert.SkipWhen(family.Name == "reference", "plain loops hold codes as bytes");
        GroupedMatrix packed = family.Grouped.Pack(
            Weights(new Rng(15), Kind.FourBits, 576, 1536, 64)
        );
        Assert.InRange(8.0 * packed.Bytes / (576 * 1536), 4.5, 4.53);
    }

    [Theory, MemberData(nameof(Families))]
    public void What_does_not_fit_is_refused_with_its_numbers(string family)
    {
        GroupedGemm gemm = KernelFamily.Choose(family).Grouped;
        using Workers workers = new(1);
        GroupedMatrix weights = gemm.Pack(IntGroups.Of(new Tensor(3, 64), 4, 32));
        GroupedRows rows = new(2, weights) { Rows = 2 };
        GroupedMatrix wider = gemm.Pack(IntGroups.Of(new Tensor(3, 64), 4, 64)),
            finer = gemm.Pack(IntGroups.Of(new Tensor(3, 64), 8, 32));
        Tensor y = new(2, 3);
        string Refusal(Action act) => Assert.Throws<ArgumentException>(act).Message;
        Assert.Contains("[3, 64]", Refusal(() => gemm.Quantize(workers, new Tensor(3, 64), rows)));
        Assert.Contains("groups of 64", Refusal(() => gemm.Multiply(workers, rows, wider, y)));
        Assert.Contains("32 for 2 bytes", Refusal(() => gemm.Multiply(workers, rows, finer, y)));
        Assert.Contains(
            "bias is [4]",
            Refusal(() => gemm.Multiply(workers, rows, weights, y, new(new Tensor(4))))
        );
        Assert.Contains(
            "Linear",
            Refusal(() => gemm.Multiply(workers, rows, weights, y, new(Accumulate: true)))
        );
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
