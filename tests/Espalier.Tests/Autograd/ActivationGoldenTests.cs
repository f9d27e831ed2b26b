using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Autograd;

/// <summary>Activations and their derivatives against PyTorch in float64.</summary>
[Trait("tier", "golden")]
public sealed class ActivationGoldenTests
{
    const double Tolerance = 1e-6;

    public static TheoryData<string, Activation> Names =>
        new()
        {
            { "gelu", Activation.Gelu },
            { "gelu_new", Activation.GeluTanh },
            { "gelu_pytorch_tanh", Activation.GeluTanh },
            { "relu", Activation.Relu },
            { "silu", Activation.Silu },
            { "tanh", Activation.Tanh },
        };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_definition_is_that_of_the_reference(string name, Activation activation)
    {
        var (x, y, slope) = Read(name);
        Tensor values = new(x.Shape),
            slopes = new(x.Shape);
        for (int i = 0; i < x.Count; i++)
        {
            values.Span[i] = (float)Activations.Value(activation, x.Span[i]);
            slopes.Span[i] = (float)Activations.Derivative(activation, x.Span[i]);
        }

        Close.To(values, y, Tolerance, 0, name);
        Close.To(slopes, slope, Tolerance, 0, $"derivative of {name}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_family_of_kernels_agrees(string name, Activation activation)
    {
        var (x, y, slope) = Read(name);
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor values = new(x.Shape),
                inPlace = x.Clone(),
                slopes = new(x.Shape);
            family.Rows.Activate(workers, activation, x, values);
            Close.To(values, y, Tolerance, 0, $"{name} in {family.Name}");
            family.Rows.Activate(workers, activation, inPlace, inPlace);
            Assert.True(values.Span.SequenceEqual(inPlace.Span), $"{name} in place, {family.Name}");

            slopes.Span.Fill(1);
            family.Rows.ActivateBackward(workers, activation, x, slopes, slopes);
            Close.To(slopes, slope, Tolerance, 0, $"derivative of {name} in {family.Name}");
        }
    }

    /// <summary>The file's numbers, in rows of an odd width where they can be.</summary>
    static (Tensor X, Tensor Y, Tensor Slope) Read(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(
            Golden.Path("models", "bert", "activations.safetensors")
        );
        return (Rows("x"), Rows($"activation.{name}"), Rows($"derivative.{name}"));

        Tensor Rows(string entry)
        {
            Tensor all = file.Read(entry);
            return all.Count % 11 == 0
                ? all.Reshape(all.Count / 11, 11)
                : all.Reshape(1, all.Count);
        }
    }
}
