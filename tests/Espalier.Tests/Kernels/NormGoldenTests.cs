using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Kernels;

/// <summary>Norms of a sum that goes on as a residual, against PyTorch and transformers.</summary>
[Trait("tier", "golden")]
public sealed class NormGoldenTests
{
    [Theory]
    [InlineData("norm.rms", NormKind.RootMeanSquare, false)]
    [InlineData("norm.layer", NormKind.Layer, true)]
    [InlineData("norm.layer_without_bias", NormKind.Layer, false)]
    public void Results_and_gradients_are_those_of_the_reference(
        string name,
        NormKind kind,
        bool bias
    )
    {
        KernelNumbers numbers = new(name);
        Norm norm = new(numbers["weight"], bias ? numbers["bias"] : null, 1e-5f, kind);
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor x = numbers["x"],
                y = new(x.Shape),
                sum = new(x.Shape),
                dx = numbers["dsum"],
                dWeight = new(norm.Weight.Shape),
                dBias = new(norm.Weight.Shape),
                statistics = new(x.Rows, 2);
            family.Rows.AddNorm(workers, x, numbers["residual"], norm, y, sum, statistics);
            family.Rows.NormBackward(
                workers,
                numbers["dy"],
                sum,
                statistics,
                norm,
                dx,
                dWeight,
                bias ? dBias : null,
                dx
            );
            numbers.Compare("y", y, family.Name);
            numbers.Compare("sum", sum, family.Name);
            numbers.Compare("dx", dx, family.Name);
            numbers.Compare("dweight", dWeight, family.Name);
            if (bias)
            {
                numbers.Compare("dbias", dBias, family.Name);
            }
        }
    }
}
