using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models.Families;

namespace Espalier.Models;

/// <summary>Sizes that may differ from layer to layer.</summary>
/// <param name="FeedForward">Width of the feed-forward part.</param>
public sealed record LayerShape(int Heads, int FeedForward);

/// <summary>
/// Everything about an encoder but its numbers. Heads are <see cref="HeadWidth"/> wide in every layer, also where
/// pruning left fewer of them than hidden / width.
/// </summary>
public sealed record ModelConfig
{
    public required Family Family { get; init; }
    public required int Vocabulary { get; init; }
    public required int Hidden { get; init; }
    public required int HeadWidth { get; init; }
    public required IReadOnlyList<LayerShape> Layers { get; init; }

    /// <summary>Rows of the position table, RoBERTa's two reserved ones included.</summary>
    public required int Positions { get; init; }

    /// <summary>Rows of the token type table; 0: the family has none.</summary>
    public required int Types { get; init; }
    public required Activation Activation { get; init; }
    public required float NormEpsilon { get; init; }
    public float HiddenDropout { get; init; }
    public float AttentionDropout { get; init; }

    /// <summary>In front of the last linear of the classifier.</summary>
    public float HeadDropout { get; init; }

    /// <summary>Standard deviation of weights that a checkpoint lacks.</summary>
    public float InitializerRange { get; init; } = 0.02f;
    public int PadId { get; init; }

    /// <summary>Names of the classes in order; one entry for regression.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>One number is predicted instead of a class.</summary>
    public bool Regression { get; init; }

    /// <summary>What the classifier behind the last layer reads.</summary>
    public Pooling Pooling { get; init; } = Pooling.First;

    /// <summary>What the classifiers behind all other layers read; null: there are none.</summary>
    public Pooling? ExitPooling { get; init; }

    public int Outputs => Labels.Count;

    /// <summary>Longest input in tokens.</summary>
    public int MaxLength => Positions - Family.PositionOffset(PadId);

    public int AttentionWidth(int layer) => Layers[layer].Heads * HeadWidth;

    public bool HasExits => ExitPooling is not null;

    /// <summary>Places where an example may leave: one behind every layer if there are exits, else the last alone.</summary>
    public int ExitCount => HasExits ? Layers.Count : 1;

    /// <summary>Every layer has heads · width = hidden and the same FFN: transformers can load it.</summary>
    public bool HasPlainShapes =>
        Layers.All(l => l == Layers[0]) && Layers[0].Heads * HeadWidth == Hidden;

    /// <summary>Multiply-adds of one example of that many tokens through all layers, attention included.</summary>
    public long MultiplyAdds(int tokens)
    {
        long total = 0;
        for (int i = 0; i < Layers.Count; i++)
        {
            long width = AttentionWidth(i);
            total +=
                tokens * (4 * width * Hidden + 2L * Layers[i].FeedForward * Hidden)
                + 2L * tokens * tokens * width;
        }

        return total;
    }
}
