using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tests.Models;
using Espalier.Text;

namespace Espalier.Tests.Operators;

/// <summary>Rounding by what weights meet, in decoders: causal attention, grouped queries, norms of either kind, gates, tied heads.</summary>
[Trait("tier", "golden")]
public sealed class CalibratedFamilyTests : IDisposable
{
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    [Theory]
    [InlineData("gpt2")]
    [InlineData("opt")]
    [InlineData("llama-biases")]
    [InlineData("llama-tied")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gemma")]
    [InlineData("gemma3")]
    public void Language_models_of_every_family_are_calibrated_on_text(string family)
    {
        using ToyWriter writer = new();
        Model model = OfBytes(ToyDecoders.Load(family), writer.Model.Tokenizer!);
        OperatorContext context = ToyCorpus.Context(writer, _workers);
        float[] before = ToyDecoders.Logits(model, _workers);
        double Apart(string text) =>
            ToyDecoders
                .Logits(Pipeline.Parse(text).Operators[^1].Apply(model, context), _workers)
                .Zip(before)
                .Average(p => Math.Abs(p.First - p.Second));

        // With 8 bits next to nothing is lost, so what folding does wrong would be many times this.
        double nearest = Apart("Q(bits=8,group=32)");
        Assert.InRange(Apart("Q(awq,bits=8,group=32)"), 0, 2 * nearest);
        Assert.InRange(Apart("Q(gptq,bits=8,group=32)"), 0, 2 * nearest);
    }

    /// <summary>With a word for each byte, which have the rows of the model's own.</summary>
    static Model OfBytes(Model model, Tokenizer bytes)
    {
        int words = model.Config.Vocabulary;
        return model with
        {
            Tokenizer = bytes,
            Config = model.Config with { Vocabulary = 257 },
            Parameters = model.Parameters.With(name =>
            {
                Weight weight = model.Parameters.Stored(name);
                return weight.Shape.Rank == 2 && weight.Rows == words
                    ? Weight.Stacked(weight, weight, weight).Slice(0, 257)
                    : null;
            }),
        };
    }
}
