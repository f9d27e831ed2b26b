using System.Collections.Immutable;
using System.Numerics.Tensors;
using Espalier.Models;

namespace Espalier.Answering;

/// <summary>What a model said to one text. A regression has a score, which is its only logit, and no label.</summary>
/// <param name="Label">Name of the likeliest class; null for a regression.</param>
/// <param name="Probabilities">One for each of the model's labels, in their order, summing to 1; empty for a regression.</param>
/// <param name="Logits">What the classifier gave, in the same order: one for each label, or the score alone.</param>
/// <param name="Exit">Behind which layer the answering classifier stands, counted from 0; the last layer's without early exits.</param>
public sealed record Prediction(
    string? Label,
    ImmutableArray<float> Probabilities,
    ImmutableArray<float> Logits,
    int Exit
)
{
    /// <summary>Of the label, 0 to 1; null for a regression.</summary>
    public float? Probability => Probabilities.IsEmpty ? null : Probabilities.Max();

    /// <summary>The number that a regression predicts, in the unit of its training labels; null for a classifier.</summary>
    public float? Score => Label is null ? Logits[0] : null;

    /// <summary>Null where a logit is not a finite number.</summary>
    internal static Prediction? From(ModelConfig config, ReadOnlySpan<float> logits, int exit)
    {
        if (!TensorPrimitives.IsFiniteAll(logits))
        {
            return null;
        }

        float[] probabilities = new float[config.Regression ? 0 : logits.Length];
        if (!config.Regression)
        {
            SoftMax(logits, probabilities);
        }

        return new Prediction(
            config.Regression ? null : config.Labels[Effort.Largest(logits)],
            ImmutableArray.Create(probabilities),
            ImmutableArray.Create(logits),
            config.HasExits ? exit : config.Layers.Count - 1
        );
    }

    static void SoftMax(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        double shift = logits[Effort.Largest(logits)],
            total = 0;
        foreach (float logit in logits)
        {
            total += Math.Exp(logit - shift);
        }

        for (int i = 0; i < logits.Length; i++)
        {
            probabilities[i] = (float)(Math.Exp(logits[i] - shift) / total);
        }
    }
}
