using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>New parameters as transformers initialises them: weights normal, biases 0.</summary>
public static class Drawing
{
    /// <summary>The dense and the output linear of a classifier.</summary>
    public static void Classifier(Parameters parameters, string name, ModelConfig config, Rng rng)
    {
        foreach (
            var (part, outputs) in (ReadOnlySpan<(string, int)>)
                [("dense", config.Hidden), ("out", config.Outputs)]
        )
        {
            string weight = Names.Weight($"{name}.{part}");
            parameters.Add(weight, Of(weight, new Shape(outputs, config.Hidden), config, rng));
            parameters.Add(Names.Bias($"{name}.{part}"), new Tensor(outputs));
        }
    }

    internal static Tensor Of(string name, Shape shape, ModelConfig config, Rng rng)
    {
        Tensor drawn = new(shape);
        if (shape.Rank > 1)
        {
            Rng stream = rng.Split(name);
            Span<float> values = drawn.Span;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = config.InitializerRange * stream.Normal((ulong)i);
            }
        }

        return drawn;
    }
}
