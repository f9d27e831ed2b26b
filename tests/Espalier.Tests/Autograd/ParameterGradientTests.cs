using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

public sealed class ParameterGradientTests
{
    [Fact]
    public void A_gradient_adds_up_until_it_is_cleared_and_then_reads_as_zeros()
    {
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            foreach (KernelFamily? each in (KernelFamily?[])[family, family.Bf16])
            {
                if (each is not null)
                {
                    Check(new Tape(workers, each));
                }
            }
        }
    }

    static void Check(Tape tape)
    {
        Tensor weight = new(8, 4),
            bias = new(8);
        weight.Span.Fill(0.5f);
        Variable w = new(weight, new Tensor(weight.Shape)),
            b = new(bias, new Tensor(bias.Shape));
        float[] once = Pass(),
            twice = Pass();
        Assert.Contains(once, g => g != 0);
        Assert.Equal(once.Select(g => 2 * g), twice);
        w.ClearGradient();
        b.ClearGradient();
        Assert.Equal(once, Pass());
        w.ClearGradient();
        Assert.All(w.Gradient!.Span.ToArray(), g => Assert.Equal(0, g));

        float[] Pass()
        {
            // Powers of two, so that every sum is exact.
            Tensor x = new(4, 4);
            x.Span.Fill(0.25f);
            tape.Begin();
            Variable y = tape.Linear(new Variable(x, gradient: null), w, b);
            tape.Backward(tape.MeanSquares(y, new Tensor(y.Value.Shape)));
            return [.. w.Gradient!.Span, .. b.Gradient!.Span];
        }
    }
}
