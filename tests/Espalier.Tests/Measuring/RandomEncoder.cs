using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Families;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

/// <summary>Encoders of random weights in any shape, and texts of random tokens: two layers, hidden 32, four heads of 8, feed-forward 64.</summary>
static class RandomEncoder
{
    public const int Vocabulary = 50;

    public static ModelConfig Config(
        bool exits = false,
        bool regression = false,
        int classes = 3,
        int layers = 2
    ) =>
        new()
        {
            Family = Family.All[0],
            Vocabulary = Vocabulary,
            Hidden = 32,
            Layers = [.. Enumerable.Repeat(Block.Bert(4, 8, 64), layers)],
            Positions = 24,
            Types = 2,
            Labels = regression
                ? ["score"]
                : [.. Enumerable.Range(0, classes).Select(i => $"class {i}")],
            Regression = regression,
            ExitPooling = exits ? Pooling.Mean : null,
        };

    /// <summary>Weights are larger than a checkpoint's start, so that different texts get different answers.</summary>
    public static Model Model(Rng rng, ModelConfig config, Traits? traits = null)
    {
        Parameters parameters = new();
        foreach (var (name, shape) in config.Shapes())
        {
            Tensor tensor = new(shape);
            bool norm = name.Contains("norm.");
            Rng own = rng.Split(name);
            for (int i = 0; i < tensor.Count; i++)
            {
                float chance = own.Normal((ulong)i);
                tensor.Span[i] =
                    Part.Decays(name) ? 0.25f * chance
                    : norm && name.EndsWith(".weight") ? 1 + 0.1f * chance
                    : 0.05f * chance;
            }

            parameters.Add(name, tensor);
        }

        Model model = new(config, parameters, traits ?? new Traits());
        model.Check();
        return model;
    }

    public static Model Model(Rng rng, bool exits = false, bool regression = false) =>
        Model(rng, Config(exits, regression));

    /// <summary>Texts of 3 to 20 tokens with random labels, standing at <paramref name="first"/> and behind it in their split.</summary>
    public static Batch Batch(Rng rng, ModelConfig config, int count, int first = 0)
    {
        int[] starts = new int[count + 1];
        for (int s = 0; s < count; s++)
        {
            starts[s + 1] = starts[s] + 3 + rng.Split("lengths").Below(18, (ulong)s);
        }

        return new Batch
        {
            Ids = [.. Chances("ids", starts[^1], Vocabulary)],
            TypeIds = [.. Chances("types", starts[^1], config.Types)],
            Starts = starts,
            Labels = config.Regression ? [] : [.. Chances("labels", count, config.Outputs)],
            Scores = config.Regression
                ? [.. Enumerable.Range(0, count).Select(i => rng.Split("scores").Normal((ulong)i))]
                : [],
            Examples = [.. Enumerable.Range(first, count)],
        };

        IEnumerable<int> Chances(string what, int many, int below) =>
            Enumerable.Range(0, many).Select(i => rng.Split(what).Below(below, (ulong)i));
    }
}
