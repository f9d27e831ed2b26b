using System.Numerics.Tensors;
using System.Text.Json;
using Espalier.Models;

namespace Espalier.Cli.Reports;

/// <summary>What a model said to one text. A regression has a score, which is its only logit, and no label.</summary>
/// <param name="Probabilities">In the order of the model's labels, as the logits are.</param>
/// <param name="Layer">Behind which the answering classifier stands, counted from 0.</param>
sealed record Prediction(string? Label, float[] Probabilities, float[] Logits, int Layer)
{
    /// <summary>Null where a logit is not a finite number.</summary>
    public static Prediction? From(ModelConfig config, ReadOnlySpan<float> logits, int exit)
    {
        if (!TensorPrimitives.IsFiniteAll(logits))
        {
            return null;
        }

        int layer = config.HasExits ? exit : config.Layers.Count - 1;
        float[] probabilities = new float[config.Regression ? 0 : logits.Length];
        if (!config.Regression)
        {
            SoftMax(logits, probabilities);
        }

        string? label = config.Regression ? null : config.Labels[Effort.Largest(logits)];
        return new Prediction(label, probabilities, logits.ToArray(), layer);
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        if (Label is null)
        {
            json.WriteNumber("score", Logits[0]);
        }
        else
        {
            json.WriteString("label", Label);
            json.Numbers("probabilities", Probabilities);
        }

        json.Numbers("logits", Logits);
        json.WriteNumber("exit", Layer);
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
