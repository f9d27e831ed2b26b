using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>New parameters as transformers initialises them: weights normal, biases 0.</summary>
public static class Drawing
{
    /// <summary>Everything of a model that is not there yet, which is drawn as what the checkpoint lacks is.</summary>
    public static void Missing(Parameters parameters, ModelConfig config, Rng rng)
    {
        foreach (var (name, shape) in config.Shapes())
        {
            if (!parameters.Has(name))
            {
                parameters.Add(name, Of(name, shape, config, rng));
            }
        }
    }

    internal static Tensor Of(string name, Shape shape, ModelConfig config, Rng rng)
    {
        Tensor drawn = new(shape);
        if (Part.Of(name) is { IsNorm: true } norm && name == norm.Weight)
        {
            drawn.Span.Fill(1);
        }

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
