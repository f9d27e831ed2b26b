using Espalier.Kernels;
using Espalier.Kernels.Reference;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

public sealed class GemmTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(family => family.IsSupported).Select(family => family.Name)];

    public static TheoryData<string> Tiled => [.. GemmCase.Tiled.Select(family => family.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_product_is_as_near_to_the_exact_one_as_rounding_allows(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
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
                        double term = (double)each.At(a, i, k) * each.Bt(b, k, j);
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

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tiled))]
    public void Each_element_is_one_chain_of_multiply_adds_whatever_stands_beside_it(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(1);
        foreach (GemmCase each in GemmCase.All.Where(c => c.K < 700))
        {
            Tensor a = each.A(),
                b = each.B(),
                c = each.Product(family, workers, a, b);
            for (int i = 0; i < each.M; i++)
            {
                for (int j = 0; j < each.N; j++)
                {
                    float sum = 0;
                    for (int k = 0; k < each.K; k++)
                    {
                        sum = MathF.FusedMultiplyAdd(each.At(a, i, k), each.Bt(b, k, j), sum);
                    }

                    Assert.True(
                        sum.Equals(c.Row(i)[j]),
                        $"{each}: c[{i}, {j}] is {c.Row(i)[j]:R}, the chain gives {sum:R}"
                    );
                }
            }
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tiled))]
    public void One_two_and_eight_threads_give_the_same_bytes(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
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
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Accumulate_adds_to_what_is_there_and_writes_nowhere_else(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(2);
        foreach (GemmCase each in GemmCase.All.Where(c => c.M is 5 or 13 or 50 or 170))
        {
            Tensor a = each.A(),
                b = each.B(),
                product = each.Product(family, workers, a, b),
                guarded = GemmCase.Filled(1, each.M + 2, each.N);
            each.Product(family, workers, a, b, guarded.Head(each.M), new(Accumulate: true));
            for (int i = 0; i < each.M * each.N; i++)
            {
                float expected = 1 + product.Span[i];
                Assert.True(
                    Math.Abs(expected - guarded.Span[i]) <= 1e-4f,
                    $"{each}: element {i} is {guarded.Span[i]}, expected {expected}"
                );
            }

            Assert.All(guarded.Span[(each.M * each.N)..].ToArray(), x => Assert.Equal(1, x));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Bias_linear_and_activation_are_applied_in_this_order(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(2);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (
                var (each, biased) in from c in GemmCase.All
                where c is { M: 7 or 170, K: 9 or 40 }
                from biased in (bool[])[true, false]
                select (c, biased)
            )
            {
                Tensor? bias = biased ? GemmCase.Normal("bias", each.N) : null;
                Tensor a = each.A(),
                    b = each.B(),
                    linear = GemmCase.Filled(float.NaN, each.M, each.N),
                    product = each.Product(family, workers, a, b),
                    c = each.Product(family, workers, a, b, null, new(bias, activation, linear));
                for (int i = 0; i < c.Count; i++)
                {
                    float sum = product.Span[i] + (bias?.Span[i % each.N] ?? 0);
                    double expected = Activations.Value(activation, sum);
                    Assert.True(
                        Math.Abs(linear.Span[i] - sum) <= 1e-6f * Math.Max(1, Math.Abs(sum))
                            && Math.Abs(c.Span[i] - expected) <= 1e-6 * Math.Max(1, Math.Abs(sum)),
                        $"{each} {activation}: element {i} is {c.Span[i]} of {linear.Span[i]}, "
                            + $"expected {expected} of {sum}"
                    );
                }
            }
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tiled))]
    public void Nothing_is_allocated_once_it_is_warm(string name)
    {
        Gemm gemm = KernelFamily.Choose(name).Gemm;
        foreach (int threads in new[] { 1, 2 })
        {
            using Workers workers = new(threads);
            Tensor x = GemmCase.Normal("x", 50, 130),
                dy = GemmCase.Normal("dy", 50, 70),
                w = GemmCase.Normal("w", 70, 130),
                bias = new(70),
                y = new(50, 70),
                dw = new(70, 130);
            PackedMatrix forward = gemm.Allocate(130, 70),
                gradient = gemm.Allocate(50, 130);
            TenTimes();
            Assert.Equal(0, Allocation.Least(TenTimes));

            void TenTimes()
            {
                for (int i = 0; i < 10; i++)
                {
                    gemm.Pack(workers, w, transposed: true, forward);
                    gemm.Multiply(workers, x, false, forward, y, new(bias, Activation.Relu));
                    gemm.Pack(workers, x, transposed: false, gradient);
                    gemm.Multiply(workers, dy, true, gradient, dw, new(Accumulate: true));
                }
            }
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tiled))]
    public void What_does_not_fit_together_is_refused(string name)
    {
        Gemm gemm = KernelFamily.Choose(name).Gemm;
        using Workers workers = new(1);
        PackedMatrix packed = gemm.Pack(workers, new Tensor(4, 3), transposed: false);
        Tensor a = new(2, 4),
            c = new(2, 3);
        Refused(() => gemm.Multiply(workers, new Tensor(2, 5), false, packed, c));
        Refused(() => gemm.Multiply(workers, a, true, packed, c));
        Refused(() => gemm.Multiply(workers, a, false, packed, new Tensor(2, 4)));
        Refused(() => gemm.Multiply(workers, a, false, packed, c, new(Bias: new Tensor(4))));
        Refused(() => gemm.Multiply(workers, a, false, packed, c, new(Linear: new Tensor(3, 2))));
        Refused(() =>
            gemm.Multiply(workers, a, false, packed, c, new(new Tensor(3), Accumulate: true))
        );
        Refused(() => gemm.Pack(workers, new Tensor(3, 5), transposed: false, packed));
        Refused(() => gemm.Multiply(workers, a, false, new ReferenceGemm().Allocate(4, 3), c));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_product_of_no_rows_or_no_steps_is_a_product_too(string name)
    {
        Gemm gemm = KernelFamily.Choose(name).Gemm;
        using Workers workers = new(2);
        PackedMatrix some = gemm.Pack(workers, new Tensor(4, 3), transposed: false);
        gemm.Multiply(workers, new Tensor(0, 4), false, some, new Tensor(0, 3));

        // The gradient of a weight over no tokens; a is [K, M] then, and K is 0.
        PackedMatrix none = gemm.Pack(workers, new Tensor(0, 3), transposed: false);
        Tensor c = GemmCase.Filled(7, 2, 3);
        gemm.Multiply(workers, new Tensor(0, 2), true, none, c, new(Accumulate: true));
        Assert.All(c.Span.ToArray(), x => Assert.Equal(7, x));
        gemm.Multiply(workers, new Tensor(0, 2), true, none, c);
        Assert.All(c.Span.ToArray(), x => Assert.Equal(0, x));
    }

    static void Refused(Action action) => Assert.Throws<ArgumentException>(action);
}
