using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>What the bf16 kernels do at once against the same things one after another, to the byte.</summary>
public sealed class Bf16BackwardTests
{
    /// <summary>Rows, inputs, outputs: around pairs, registers, panels of 64 and blocks of 32 x 256.</summary>
    static readonly (int T, int I, int O)[] Shapes =
    [
        (1, 1, 1),
        (2, 3, 5),
        (31, 64, 33),
        (33, 65, 300),
        (70, 384, 96),
        (53, 130, 513),
    ];

    /// <summary>Families whose bf16 products have a backward pass of their own.</summary>
    public static TheoryData<string> Families =>
        [
            .. KernelFamily
                .All.Where(f => f.IsSupported && f.Bf16 is not null && f.Name != "reference")
                .Select(f => f.Name),
        ];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_backward_pass_at_once_gives_the_bytes_of_its_parts(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers one = new(1),
            two = new(2),
            eight = new(8);
        foreach (var (t, i, o) in Shapes)
        {
            foreach (bool add in (bool[])[false, true])
            {
                Tensor[] parts = Gradients(i, o, t);
                InParts(family, one, t, i, o, add, parts);
                foreach (Workers workers in (Workers[])[one, two, eight])
                {
                    Tensor[] whole = Gradients(i, o, t);
                    LinearGradients gradients = new(
                        Filled.Normal(1, t, i),
                        Filled.Normal(2, t, o),
                        family.Gemm.Pack(one, Filled.Normal(3, o, i), false),
                        whole[0],
                        add,
                        whole[1],
                        add,
                        whole[2]
                    );
                    Assert.True(family.Gemm.Backward(workers, gradients));
                    for (int k = 0; k < parts.Length; k++)
                    {
                        Near.Assert(parts[k], whole[k], 0, $"{t} x {i} x {o}, gradient {k}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_backward_pass_computes_what_is_asked_for_alone(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers one = new(1);
        var (t, i, o) = (33, 65, 300);
        Tensor x = Filled.Normal(1, t, i),
            dy = Filled.Normal(2, t, o);
        Tensor[] expected = Gradients(i, o, t),
            actual = Gradients(i, o, t);
        InParts(family, one, t, i, o, false, expected);
        PackedMatrix packed = family.Gemm.Pack(one, Filled.Normal(3, o, i), false);
        family.Gemm.Backward(one, new(x, dy, packed, actual[0], false, null, false, null));
        family.Gemm.Backward(one, new(x, dy, null, null, false, actual[1], false, null));
        family.Gemm.Backward(one, new(x, dy, null, null, false, null, false, actual[2]));
        for (int k = 0; k < expected.Length; k++)
        {
            Near.Assert(expected[k], actual[k], 0, $"gradient {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void AdamW_that_packs_gives_the_bytes_of_AdamW_and_of_packing(string name)
    {
        KernelFamily family = KernelFamily.Choose(name).Bf16!;
        using Workers one = new(1),
            two = new(2);
        AdamWStep step = new(1e-3f, 0.01f, 0.9f, 0.999f, 1e-8f, 0.19f, 0.002f);
        foreach (var (o, i) in ((int, int)[])[(1, 1), (17, 33), (100, 384), (130, 1536), (384, 5)])
        {
            Tensor[] expected = States(o, i),
                actual = States(o, i);
            family.Rows.AdamW(
                one,
                new(expected[0], expected[1], expected[2], expected[3]),
                step,
                0.7f
            );
            PackedForms forms = new(family.Gemm.Allocate(i, o), family.Gemm.Allocate(o, i));
            Assert.True(
                family.Rows.AdamW(
                    two,
                    new(actual[0], actual[1], actual[2], actual[3]),
                    step,
                    0.7f,
                    forms
                )
            );
            for (int k = 0; k < expected.Length; k++)
            {
                Near.Assert(expected[k], actual[k], 0, $"{o} x {i}, tensor {k}");
            }

            foreach (bool transposed in (bool[])[true, false])
            {
                PackedMatrix form = transposed ? forms.Transposed! : forms.Straight!,
                    packed = family.Gemm.Pack(one, expected[0], transposed);
                Tensor a = Filled.Normal(5, 7, form.K),
                    c = new(7, form.N),
                    d = new(7, form.N);
                family.Gemm.Multiply(one, a, false, packed, c);
                family.Gemm.Multiply(one, a, false, form, d);
                Near.Assert(c, d, 0, $"{o} x {i}, product with {(transposed ? "wᵀ" : "w")}");
            }
        }
    }

    [Fact]
    public void Kernels_that_cannot_pack_on_the_way_take_the_step_and_say_so()
    {
        KernelFamily family = KernelFamily.All[^1];
        using Workers one = new(1);
        PackedForms forms = new(family.Gemm.Allocate(4, 4), null);
        AdamWStep step = new(1e-3f, 0, 0.9f, 0.999f, 1e-8f, 0.19f, 0.002f);
        foreach (KernelFamily each in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor[] states = States(4, 4),
                expected = States(4, 4);
            Assert.False(
                each.Rows.AdamW(
                    one,
                    new(states[0], states[1], states[2], states[3]),
                    step,
                    1,
                    forms
                )
            );
            family.Rows.AdamW(
                one,
                new(expected[0], expected[1], expected[2], expected[3]),
                step,
                1
            );
            Near.Assert(expected[0], states[0], 0, "the parameter");
        }
    }

    static void InParts(
        KernelFamily family,
        Workers workers,
        int t,
        int i,
        int o,
        bool add,
        Tensor[] gradients
    )
    {
        Tensor x = Filled.Normal(1, t, i),
            dy = Filled.Normal(2, t, o);
        PackedMatrix packed = family.Gemm.Pack(workers, Filled.Normal(3, o, i), false);
        Epilogue epilogue = new(Accumulate: add);
        family.Gemm.Multiply(workers, dy, false, packed, gradients[0], epilogue);
        family.Gemm.Multiply(workers, dy, true, x, gradients[1], add);
        family.Rows.AddColumnSums(workers, dy, gradients[2]);
    }

    /// <summary>Of x, the weight and the bias; they hold something already.</summary>
    static Tensor[] Gradients(int i, int o, int t) =>
        [Filled.Normal(6, t, i), Filled.Normal(7, o, i), Filled.Normal(8, 1, o)];

    /// <summary>Parameter, gradient and moments, the second of which is not negative.</summary>
    static Tensor[] States(int rows, int columns)
    {
        Tensor second = Filled.Normal(4, rows, columns);
        foreach (ref float value in second.Span)
        {
            value = Math.Abs(value);
        }

        return
        [
            Filled.Normal(1, rows, columns),
            Filled.Normal(2, rows, columns),
            Filled.Normal(3, rows, columns),
            second,
        ];
    }
}
