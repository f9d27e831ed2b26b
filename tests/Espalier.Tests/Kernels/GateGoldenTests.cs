using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Kernels;

/// <summary>Gated activations and rotary embedding against the modules of transformers.</summary>
[Trait("tier", "golden")]
public sealed class GateGoldenTests
{
    [Theory]
    [InlineData("gate.gelu", Activation.Gelu, 0, 11)]
    [InlineData("gate.silu_of_the_second", Activation.Silu, 11, 0)]
    public void Gates_are_those_of_ModernBERT_and_Llama(
        string name,
        Activation activation,
        int gate,
        int up
    )
    {
        KernelNumbers numbers = new(name);
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor x = numbers["x"],
                y = new(x.Rows, 11),
                dx = new(x.Shape);
            family.Rows.Gate(workers, new(activation, new(x, gate), new(x, up)), y);
            family.Rows.GateBackward(
                workers,
                new(activation, new(x, gate), new(x, up)),
                numbers["dy"],
                new(activation, new(dx, gate), new(dx, up))
            );
            numbers.Compare("y", y, family.Name);
            numbers.Compare("dx", dx, family.Name);
        }
    }

    [Theory]
    [InlineData("rotary.whole", 3, 8, 8, 160_000, new[] { 0, 1, 2, 3, 0, 1, 511, 8191 })]
    [InlineData("rotary.part", 2, 10, 4, 10_000, new[] { 5, 6, 7, 0, 2047 })]
    public void Heads_turn_as_in_transformers(
        string name,
        int heads,
        int width,
        int turned,
        double theta,
        int[] positions
    )
    {
        KernelNumbers numbers = new(name);
        RotaryTable table = new(turned, theta, 8192);
        Rotation rotation = new(table, positions, heads, width);
        using Workers workers = new(2);
        for (int r = 0; r < positions.Length; r++)
        {
            ReadOnlySpan<float> turns = table.Turns.Row(positions[r]);
            Close.To(turns[..(turned / 2)], numbers["cos"].Row(r), 2e-7, 0, $"cos of row {r}");
            Close.To(turns[(turned / 2)..], numbers["sin"].Row(r), 2e-7, 0, $"sin of row {r}");
        }

        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor y = numbers["x"],
                dx = numbers["dy"];
            family.Rows.Rotate(workers, rotation, new(y), new(y));
            family.Rows.Rotate(workers, rotation, new(dx), new(dx), back: true);
            numbers.Compare("y", y, family.Name);
            numbers.Compare("dx", dx, family.Name);
        }
    }
}
