using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Rounding by what weights meet in examples, layer by layer.</summary>
public sealed class CalibrationTests : IDisposable
{
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    [Fact]
    public void A_stream_of_layers_gives_the_states_of_the_whole_model()
    {
        IReadOnlyList<Batch> batches = CalibrationRun.Examples(Toy.Context(_workers), 12);
        LayerStream stream = new(Toy.Model, batches, _workers, KernelFamily.Best);
        stream.Run(Toy.Model, 0, null, move: true);
        List<float[]> inputs = [];
        stream.Run(
            Toy.Model,
            1,
            (part, x) =>
            {
                if (part.Role == Role.Query)
                {
                    inputs.Add(x.Span.ToArray());
                }
            },
            move: false
        );
        Session session = new(
            Toy.Model with
            {
                Traits = new Traits(DynamicLength: true),
            },
            _workers,
            KernelFamily.Best,
            null
        );
        for (int i = 0; i < batches.Count; i++)
        {
            float[] expected = [];
            session.RunAllExits(
                batches[i],
                new Tensor(batches[i].Count, 2),
                (layer, x) => expected = layer == 0 ? x.Span.ToArray() : expected
            );
            Assert.Equal(expected, inputs[i]);
        }
    }

    [Theory]
    [InlineData("Q(gptq,group=32)")]
    [InlineData("Q(gptq,group=32,order=columns)")]
    [InlineData("Q(gptq,group=32,grid=fitted)")]
    [InlineData("Q(awq,group=32)")]
    public void Outputs_change_less_than_by_rounding_to_nearest(string text)
    {
        Model plain = Toy.Model;
        double nearest = Distance(plain, Apply("Q(bits=4,group=32)", plain)),
            calibrated = Distance(plain, Apply(text, plain));
        Assert.True(
            calibrated < nearest,
            $"{text}: states {calibrated} apart, rounded to nearest {nearest}"
        );
    }

    [Fact]
    public void What_is_scaled_in_front_and_behind_gives_the_same_numbers()
    {
        // With 8 bits next to nothing is lost, so what folding does wrong would show.
        foreach (Model model in (Model[])[Toy.Model, Gated()])
        {
            double apart = Distance(model, Apply("Q(awq,bits=8,group=32)", model));
            Assert.InRange(apart, 0, 0.02);
        }
    }

    [Fact]
    public void Weights_that_were_rounded_with_any_offset_are_found_on_their_grid_again()
    {
        // As Q4_1 has them: between the ends, and 0 is none of the numbers.
        float[] weights = [.. Enumerable.Range(0, 32).Select(i => 0.03f * (i * 7 % 16) - 0.2f)];
        double[] costs = [.. weights.Select((_, i) => 1.0 + i)];
        Grid ends = Grid.Of(weights, 4, narrow: true),
            fitted = FittedGrid.Of(weights, costs, ends, narrow: true);
        double Off(Grid grid) =>
            Math.Sqrt(weights.Average(w => Math.Pow(grid.Value(grid.Code(w)) - w, 2)));
        Assert.InRange(Off(ends), 0.003, 0.02);
        Assert.InRange(Off(fitted), 0, 0.0006);
    }

    [Theory]
    [InlineData("Q(gptq)")]
    [InlineData("Q(awq)")]
    public void Layers_are_stored_in_groups_and_the_same_seed_gives_the_same_bytes(string text)
    {
        Model first = Apply(text, Toy.Model),
            again = Apply(text, Toy.Model);
        foreach (string name in first.Parameters.Names)
        {
            if (Part.Of(name).Stretch == Stretch.Layer && name.EndsWith(".weight"))
            {
                Weight weight = first.Parameters.Stored(name);
                Assert.Equal(weight.Shape.Rank == 2, weight is IntGroups);
            }

            Assert.Equal(
                first.Parameters[name].Span.ToArray(),
                again.Parameters[name].Span.ToArray()
            );
        }

        Assert.Equal(new Traits(Precision.Int4, false, 64), first.Traits);
    }

    /// <summary>Mean distance of the logits of all test examples, over that of the original's from their mean.</summary>
    double Distance(Model one, Model other)
    {
        float[] a = Toy.Logits(one, _workers),
            b = Toy.Logits(other, _workers);
        return a.Zip(b).Average(p => Math.Abs(p.First - p.Second));
    }

    Model Apply(string text, Model model) =>
        Pipeline.Parse(text).Operators[^1].Apply(model, Toy.Context(_workers));

    /// <summary>A model whose norms come first and whose neurons are gated.</summary>
    static Model Gated()
    {
        Block block = Toy.Config.Layers[0];
        return Toy.Make(
            Toy.Config with
            {
                Layers =
                [
                    .. Enumerable.Repeat(
                        block with
                        {
                            NormsFirst = true,
                            Mlp = block.Mlp with { Gated = true },
                        },
                        2
                    ),
                ],
                FinalNorm = block.Norm,
            }
        );
    }
}
