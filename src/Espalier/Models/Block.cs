using Espalier.Kernels;

namespace Espalier.Models;

/// <summary>A norm over the columns of each row.</summary>
public sealed record NormSpec(float Epsilon, bool Bias = true, NormKind Kind = NormKind.Layer);

/// <summary>softmax(q kᵀ / √width) v in several heads, then a linear.</summary>
/// <param name="Width">Columns of a head.</param>
public sealed record AttentionSpec(int Heads, int Width)
{
    /// <summary>Query heads that share one head of keys and values.</summary>
    public int HeadsPerKey { get; init; } = 1;

    /// <summary>A token sees those before it alone.</summary>
    public bool Causal { get; init; }

    /// <summary>Furthest distance in tokens that is seen; null: every token of the sequence.</summary>
    public int? Reach { get; init; }
    public Rotary? Rotary { get; init; }

    /// <summary>What scores are multiplied by; null: 1 / √width.</summary>
    public float? Scale { get; init; }

    /// <summary>Of each head of queries and of keys, in front of rotation (Qwen3, Gemma 3); null: none.</summary>
    public NormSpec? HeadNorm { get; init; }

    /// <summary>Rows of a sequence that go on behind this attention: those that were attended to most; null: all.</summary>
    public int? Keeps { get; init; }
    public bool Bias { get; init; } = true;
    public bool OutputBias { get; init; } = true;

    /// <summary>On the probabilities.</summary>
    public float Dropout { get; init; }
    public float OutputDropout { get; init; }

    /// <summary>As kernels know it.</summary>
    public AttentionForm Form => new(Heads, Width, KeyHeads, Causal, Reach, Scale);

    /// <summary>Columns of all heads.</summary>
    public int Columns => Heads * Width;
    public int KeyHeads => Heads / HeadsPerKey;
    public int KeyColumns => KeyHeads * Width;
}

/// <summary>down(activation(up(x))), or down(activation(gate(x)) · up(x)).</summary>
/// <param name="Width">Neurons.</param>
public sealed record MlpSpec(int Width, Activation Activation = Activation.Gelu)
{
    /// <summary>Shazeer 2020: GLU variants.</summary>
    public bool Gated { get; init; }
    public bool Bias { get; init; } = true;

    /// <summary>In front of the last linear.</summary>
    public float InnerDropout { get; init; }
    public float OutputDropout { get; init; }
}

/// <summary>One layer. Layers of a model may differ in anything but the width of what goes through them.</summary>
public sealed record Block(AttentionSpec Attention, MlpSpec Mlp, NormSpec Norm)
{
    /// <summary>x + f(norm(x)) instead of norm(x + f(x)).</summary>
    public bool NormsFirst { get; init; }

    /// <summary>Whether there is a norm in front of attention; ModernBERT's first layer has none.</summary>
    public bool NormsAttention { get; init; } = true;

    /// <summary>Whether what is added to x is normed before, in a block whose norms come first (Gemma 3).</summary>
    public bool NormsBranches { get; init; }

    /// <summary>BERT's (Devlin et al. 2019).</summary>
    public static Block Bert(
        int heads,
        int headWidth,
        int neurons,
        Activation activation = Activation.Gelu,
        float epsilon = 1e-12f,
        float dropout = 0,
        float attentionDropout = 0
    ) =>
        new(
            new AttentionSpec(heads, headWidth)
            {
                Dropout = attentionDropout,
                OutputDropout = dropout,
            },
            new MlpSpec(neurons, activation) { OutputDropout = dropout },
            new NormSpec(epsilon)
        );

    /// <summary>The same with other numbers of heads and neurons.</summary>
    public Block With(int heads, int neurons) =>
        this with
        {
            Attention = Attention with { Heads = heads },
            Mlp = Mlp with { Width = neurons },
        };
}
