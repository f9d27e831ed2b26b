using Espalier.Kernels;
using Espalier.Models;

namespace Espalier.Tests.Models;

public sealed class SharedLayerTests
{
    // The third and fourth layer are the second set: which layer is the first of its set is not what the set is called.
    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Int8)]
    public void A_model_whose_layers_share_answers_as_one_in_which_each_has_its_copy(
        Precision precision
    )
    {
        using Workers workers = new(2);
        ModelConfig shared = Toy.Config with
        {
            Layers = [.. Enumerable.Repeat(Block.Bert(4, 4, 40), 4)],
            Sharing = [0, 0, 1, 1],
        };
        ModelConfig apart = shared with { Sharing = null };
        Model model = Toy.Make(shared) with { Traits = new(precision) };
        Parameters copies = new();
        foreach (var (name, _) in apart.Shapes())
        {
            Part part = Part.Of(name),
                of = part.Stretch == Stretch.Layer
                    ? part with
                    {
                        Index = shared.SetOf(part.Index),
                    }
                    : part;
            copies.Add(name, model.Parameters[name == part.Weight ? of.Weight : of.Bias]);
        }

        Assert.True(copies.Count > model.Parameters.Count);
        Assert.Equal(
            Toy.Logits(model with { Config = apart, Parameters = copies }, workers),
            Toy.Logits(model, workers)
        );
    }
}
