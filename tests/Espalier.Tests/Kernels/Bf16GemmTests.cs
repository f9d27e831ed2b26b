using Espalier.Kernels;
using Espalier.Kernels.Bf16;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

public sealed class Bf16GemmTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported && f.Bf16 is not null).Select(f => f.Name)];

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // half way to the next: to the even one
    [InlineData(1.01171875f, 0x3F82)] // half way from an odd one: up
    [InlineData(-1.0039064f, 0xBF81)] // a little more than half way
    [InlineData(3.4028235e38f, 0x7F80)] // nearer to infinity than to the largest
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(float.NaN, 0x7FC0)]
    public void A_number_becomes_the_nearest_bfloat16(float value, int bits) =>
        Assert.Equal(bits, Bf16Numbers.Round(value));

    [Theory]
    [MemberData(nameof(Families))]
    public void A_product_is_that_of_the_rounded_operands(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers workers = new(1);
        foreach (GemmCase each in GemmCase.All)
        {
            Tensor a = each.A(),
                b = each.B(),
                c = each.Product(family, workers, a, b);
            for (int i = 0; i < each.M; i++)
            {
                for (int j = 0; j < each.N; j++)
                {
                    double exact = 0,
                        size = 0;
                    for (int k = 0; k < each.K; k++)
                    {
                        double term =
                            (double)Bf16Numbers.Rounded(each.At(a, i, k))
                            * Bf16Numbers.Rounded(each.Bt(b, k, j));
                        exact += term;
                        size += Math.Abs(term);
                    }

                    double bound = (each.K + 1) * Math.Pow(2, -24) * size;
                    Assert.True(
                        Math.Abs(c.Row(i)[j] - exact) <= bound,
                        $"{each}: c[{i}, {j}] is {c.Row(i)[j]}, exactly {exact:R}, bound {bound}"
                    );
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Threads_and_neighbours_change_no_byte(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers one = new(1),
            two = new(2),
            eight = new(8);
        foreach (GemmCase each in GemmCase.All.Where(c => c.M > 40))
        {
            Tensor a = each.A(),
                b = each.B(),
                alone = each.Product(family, one, a, b);
            Assert.Equal(alone.Span, each.Product(family, two, a, b).Span);
            Assert.Equal(alone.Span, each.Product(family, eight, a, b).Span);
            if (!each.TransposedA)
            {
                GemmCase first = each with { M = 1 };
                Tensor row = first.Product(family, one, a.Head(1), b);
                Assert.Equal(row.Span, alone.Row(0));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Epilogues_are_those_of_float32(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers workers = new(2);
        foreach (
            var (each, biased) in from c in GemmCase.All
            where c is { M: 5 or 50 or 170, K: 9 or 40 }
            from biased in (bool[])[true, false]
            select (c, biased)
        )
        {
            Tensor? bias = biased ? GemmCase.Normal("bias", each.N) : null;
            Tensor a = each.A(),
                b = each.B(),
                product = each.Product(family, workers, a, b),
                guarded = GemmCase.Filled(1, each.M + 2, each.N),
                linear = new(each.M, each.N),
                c = each.Product(family, workers, a, b, null, new(bias, Activation.Gelu, linear));
            each.Product(family, workers, a, b, guarded.Head(each.M), new(Accumulate: true));
            for (int i = 0; i < product.Count; i++)
            {
                float sum = product.Span[i] + (bias?.Span[i % each.N] ?? 0);
                Assert.True(
                    Math.Abs(1 + product.Span[i] - guarded.Span[i]) <= 1e-4f
                        && linear.Span[i].Equals(sum)
                        && Math.Abs(c.Span[i] - Activations.Value(Activation.Gelu, sum))
                            <= 1e-6 * Math.Max(1, Math.Abs(sum)),
                    $"{each}: element {i} is {c.Span[i]} of {linear.Span[i]} of {product.Span[i]}, "
                        + $"added to 1 {guarded.Span[i]}"
                );
            }

            Assert.All(guarded.Span[product.Count..].ToArray(), x => Assert.Equal(1, x));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_not_a_number_does_not_get_lost(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers workers = new(1);
        GemmCase one = new(7, 40, 33, false, true);
        foreach (float odd in new[] { float.NaN, BitConverter.UInt32BitsToSingle(0x7FFFFFFF) })
        {
            foreach (int at in new[] { 0, 31, 32 })
            {
                Tensor a = one.A(),
                    b = one.B();
                a.Row(3)[at] = odd;
                Tensor c = one.Product(family, workers, a, b);
                Assert.All(c.Row(3).ToArray(), x => Assert.True(float.IsNaN(x)));
                Assert.All(c.Row(2).ToArray(), x => Assert.True(float.IsFinite(x)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Nothing_is_allocated_once_it_is_warm(string name)
    {
        Gemm gemm = KernelFamily.Choose(name).Bf16!.Gemm;
        Assert.SkipWhen(name == "reference", "plain loops round copies");
        using Workers workers = new(2);
        Tensor x = GemmCase.Normal("x", 50, 130),
            dy = GemmCase.Normal("dy", 50, 70),
            w = GemmCase.Normal("w", 70, 130),
            y = new(50, 70),
            dw = new(70, 130);
        PackedMatrix forward = gemm.Allocate(130, 70);
        TenTimes();

        // Packing a once-used right-hand side makes one small object, its shape.
        Assert.InRange(Allocation.Least(TenTimes), 0, 10 * 400);

        void TenTimes()
        {
            for (int i = 0; i < 10; i++)
            {
                gemm.Pack(workers, w, transposed: true, forward);
                gemm.Multiply(workers, x, false, forward, y);
                gemm.Multiply(workers, dy, true, x, dw, accumulate: true);
            }
        }
    }
}
