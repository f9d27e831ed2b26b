using Espalier.Kernels;
using Espalier.Kernels.Bf16;
using Espalier.Kernels.Emit;
using Espalier.Kernels.Int8;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>AMX's bfloat16 products, run whole with their emitted code in the interpreter.</summary>
public sealed class EmulatedBf16Tests
{
    static AmxBf16Gemm Amx()
    {
        Assert.SkipUnless(Avx512Int8Gemm.IsSupported, "packing needs AVX-512");
        return new AmxBf16Gemm(new InterpretedCpu());
    }

    [Fact]
    public void A_product_is_that_of_the_rounded_operands()
    {
        AmxBf16Gemm amx = Amx();
        using Workers workers = new(2);
        foreach (var (m, n, k) in Int8Case.Shapes)
        {
            // Every second one with a as [K, M] and b as [K, N].
            bool turned = m % 2 == 0;
            Tensor a = turned ? GemmCase.Normal("a", k, m) : GemmCase.Normal("a", m, k),
                b = turned ? GemmCase.Normal("b", k, n) : GemmCase.Normal("b", n, k),
                c = GemmCase.Filled(float.NaN, m, n);
            amx.Multiply(workers, a, turned, amx.Pack(workers, b, !turned), c);
            for (int i = 0; i < c.Count; i++)
            {
                double exact = 0,
                    size = 0;
                for (int step = 0; step < k; step++)
                {
                    double term =
                        (double)
                            Bf16Numbers.Rounded(turned ? a.Row(step)[i / n] : a.Row(i / n)[step])
                        * Bf16Numbers.Rounded(turned ? b.Row(step)[i % n] : b.Row(i % n)[step]);
                    exact += term;
                    size += Math.Abs(term);
                }

                double bound = (k + 1) * Math.Pow(2, -24) * size;
                Assert.True(
                    Math.Abs(c.Span[i] - exact) <= bound,
                    $"{m}x{n}x{k}, row {i / n}, column {i % n}: {c.Span[i]}, exactly {exact:R}, bound {bound}"
                );
            }
        }
    }

    // Odd lengths after long ones: what an earlier product left behind a row's end must not count.
    [Fact]
    public void What_is_not_a_number_does_not_get_into_other_rows_or_products()
    {
        AmxBf16Gemm amx = Amx();
        using Workers workers = new(1);
        foreach (bool turned in (bool[])[false, true])
        {
            Tensor odd = GemmCase.Filled(float.NaN, 50, 128),
                b = GemmCase.Normal("b", 128, 40),
                c = new(50, 40);
            amx.Multiply(workers, odd, false, amx.Pack(workers, b, false), c);
            Assert.All(c.Span.ToArray(), x => Assert.True(float.IsNaN(x)));
            Tensor a = turned ? GemmCase.Normal("a", 37, 41) : GemmCase.Normal("a", 41, 37),
                small = GemmCase.Normal("b", 37, 40);
            c = new(41, 40);
            amx.Multiply(workers, a, turned, amx.Pack(workers, small, false), c);
            Assert.All(c.Span.ToArray(), x => Assert.True(float.IsFinite(x)));
        }
    }

    [Fact]
    public void Threads_and_neighbours_change_no_byte()
    {
        AmxBf16Gemm amx = Amx();
        using Workers one = new(1),
            three = new(3);
        Tensor a = GemmCase.Normal("a", 203, 900),
            b = GemmCase.Normal("b", 70, 900),
            alone = new(203, 70),
            shared = new(203, 70),
            row = new(1, 70);
        PackedMatrix packed = amx.Pack(one, b, true);
        amx.Multiply(one, a, false, packed, alone);
        amx.Multiply(three, a, false, packed, shared);
        amx.Multiply(one, a.Head(1), false, packed, row);
        Assert.Equal(alone.Span, shared.Span);
        Assert.Equal(row.Span, alone.Row(0));
    }

    [Fact]
    public void Bias_and_activation_come_after_and_Accumulate_adds()
    {
        AmxBf16Gemm amx = Amx();
        using Workers workers = new(2);
        Tensor a = GemmCase.Normal("a", 41, 70),
            b = GemmCase.Normal("b", 50, 70),
            bias = GemmCase.Normal("bias", 50),
            product = new(41, 50),
            c = new(41, 50),
            added = GemmCase.Filled(1, 41, 50);
        PackedMatrix packed = amx.Pack(workers, b, true);
        amx.Multiply(workers, a, false, packed, product);
        amx.Multiply(workers, a, false, packed, c, new(bias, Activation.Relu));
        amx.Multiply(workers, a, false, packed, added, new(Accumulate: true));
        for (int i = 0; i < c.Count; i++)
        {
            Assert.Equal(
                (Math.Max(0, product.Span[i] + bias.Span[i % 50]), 1 + product.Span[i]),
                (c.Span[i], added.Span[i])
            );
        }
    }
}
