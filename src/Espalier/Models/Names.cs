using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Our names of an encoder's parameters, and the shapes that a config gives them.</summary>
public static class Names
{
    public const string Word = "embeddings.word";
    public const string Position = "embeddings.position";
    public const string Type = "embeddings.type";
    public const string EmbeddingNorm = "embeddings.norm";
    public const string Head = "head";

    /// <summary>Part of a layer: query, key, value, attention, attention_norm, up, down, norm.</summary>
    public static string Layer(int layer, string part) => $"layers.{layer}.{part}";

    /// <summary>Classifier behind a layer that is not the last.</summary>
    public static string Exit(int layer) => $"exits.{layer}";

    /// <summary>The classifier behind a layer: an exit's, or the head behind the last.</summary>
    public static string Classifier(ModelConfig config, int layer) =>
        layer == config.Layers.Count - 1 ? Head : Exit(layer);

    public static string Weight(string part) => part + ".weight";

    public static string Bias(string part) => part + ".bias";

    /// <summary>The name that a parameter has when its layer (and the layer of its exit) has another number.</summary>
    public static string Moved(string name, Func<int, int> layerOf)
    {
        string[] parts = name.Split('.', 3);
        return parts[0] is "layers" or "exits"
            ? $"{parts[0]}.{layerOf(Number(parts[1]))}.{parts[2]}"
            : name;
    }

    /// <summary>The layer that a name of ours speaks of, <c>layers.3.…</c> or <c>exits.3.…</c>.</summary>
    internal static int LayerOf(string name) => Number(name.Split('.', 3)[1]);

    static int Number(string part) =>
        Numeral.TryWhole(part, out int layer)
            ? layer
            : throw new ArgumentException($"'{part}' is no number of a layer.");

    /// <summary>Biases and the weights of norms are not decayed.</summary>
    public static bool Decays(string name) =>
        name.EndsWith(".weight", StringComparison.Ordinal) && !name.Contains("norm.")
        || name is Word or Position or Type;

    /// <summary>Every parameter of the config in file order.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Of(ModelConfig config)
    {
        int hidden = config.Hidden;
        yield return (Word, new Shape(config.Vocabulary, hidden));
        yield return (Position, new Shape(config.Positions, hidden));
        if (config.Types > 0)
        {
            yield return (Type, new Shape(config.Types, hidden));
        }

        foreach (var pair in Norm(EmbeddingNorm, hidden))
        {
            yield return pair;
        }

        for (int i = 0; i < config.Layers.Count; i++)
        {
            int width = config.AttentionWidth(i),
                feedForward = config.Layers[i].FeedForward;
            IEnumerable<(string, Shape)> layer =
            [
                .. Linear(Layer(i, "query"), width, hidden),
                .. Linear(Layer(i, "key"), width, hidden),
                .. Linear(Layer(i, "value"), width, hidden),
                .. Linear(Layer(i, "attention"), hidden, width),
                .. Norm(Layer(i, "attention_norm"), hidden),
                .. Linear(Layer(i, "up"), feedForward, hidden),
                .. Linear(Layer(i, "down"), hidden, feedForward),
                .. Norm(Layer(i, "norm"), hidden),
            ];
            foreach (var pair in layer)
            {
                yield return pair;
            }
        }

        for (int i = 0; i < config.Layers.Count; i++)
        {
            string classifier = Classifier(config, i);
            if (classifier != Head && !config.HasExits)
            {
                continue;
            }

            foreach (
                var pair in (IEnumerable<(string, Shape)>)
                    [
                        .. Linear(classifier + ".dense", hidden, hidden),
                        .. Linear(classifier + ".out", config.Outputs, hidden),
                    ]
            )
            {
                yield return pair;
            }
        }
    }

    static IEnumerable<(string, Shape)> Linear(string part, int outputs, int inputs) =>
        [(Weight(part), new Shape(outputs, inputs)), (Bias(part), new Shape(outputs))];

    static IEnumerable<(string, Shape)> Norm(string part, int width) =>
        [(Weight(part), new Shape(width)), (Bias(part), new Shape(width))];
}
