using Espalier.Kernels;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

public sealed class ActivationTests
{
    public static TheoryData<Activation> All => [.. Enum.GetValues<Activation>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Values_are_right_at_every_magnitude(Activation activation)
    {
        float[] x = Grid();
        float[] y = [.. x];
        VectorActivations.Apply(activation, y);
        AssertClose(
            x,
            y,
            v => Activations.Value(activation, v),
            v => 1.6e-7 * Math.Max(1, Math.Abs(v))
        );
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Derivatives_are_right_at_every_magnitude(Activation activation)
    {
        float[] x = Grid();
        using Workers one = new(1);
        Tensor at = new(1, x.Length),
            dy = new(1, x.Length);
        x.CopyTo(at.Span);
        dy.Span.Fill(1);
        KernelFamily.Best.Rows.ActivateBackward(one, activation, at, dy, dy);
        AssertClose(x, dy.Span.ToArray(), v => Activations.Derivative(activation, v), _ => 4e-7);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Derivatives_of_the_definition_are_its_finite_differences(Activation activation)
    {
        const double step = 1e-5;
        for (double x = -8.03; x < 8; x += 0.1)
        {
            double difference =
                Activations.Value(activation, x + step) - Activations.Value(activation, x - step);
            double expected = difference / (2 * step);
            Assert.Equal(expected, Activations.Derivative(activation, x), 1e-8);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_not_a_number_stays_so(Activation activation)
    {
        float[] y = [1, float.NaN, 2];
        VectorActivations.Apply(activation, y);
        Assert.True(float.IsNaN(y[1]), $"{activation}(NaN) is {y[1]}");
        Assert.True(float.IsFinite(y[0]) && float.IsFinite(y[2]));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_length_gives_the_same_bits(Activation activation)
    {
        float[] x = [.. Enumerable.Range(-40, 81).Select(i => i * 0.17f)];
        float[] whole = [.. x];
        VectorActivations.Apply(activation, whole);
        for (int length = 0; length < x.Length; length++)
        {
            float[] part = [.. x[..length], 77];
            VectorActivations.Apply(activation, part.AsSpan(0, length));
            Assert.Equal([.. whole[..length], 77], part);
        }
    }

    /// <summary>Steps of 1/4096 within ±24, and 64 numbers to each power of two of both signs.</summary>
    static float[] Grid()
    {
        List<float> x = [];
        for (int i = -24 * 4096; i <= 24 * 4096; i++)
        {
            x.Add(i / 4096f);
        }

        for (int power = -148; power < 120; power++)
        {
            for (int step = 0; step < 64; step++)
            {
                float value = MathF.ScaleB(1 + step / 64f, power);
                x.AddRange([value, -value]);
            }
        }

        return [.. x];
    }

    static void AssertClose(
        float[] x,
        float[] y,
        Func<double, double> exact,
        Func<double, double> tolerance
    )
    {
        double worst = 0;
        int at = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double error = Math.Abs(y[i] - exact(x[i])) / tolerance(x[i]);
            if (!(error <= worst))
            {
                (worst, at) = (error, i);
            }
        }

        Assert.True(
            worst <= 1,
            $"at x = {x[at]:r}: {y[at]:r}, not {exact(x[at]):r}; {worst:g3} times what is allowed"
        );
    }
}
