namespace Espalier.Models;

/// <summary>Number format of the products in a session.</summary>
public enum Precision
{
    Fp32,

    /// <summary>Weights int8 per output channel, activations uint8 per row at run time; classifiers, norms, embeddings stay fp32.</summary>
    Int8,
}

/// <summary>
/// How a model wants to be run. A session obeys when it packs the weights; the weights themselves stay fp32,
/// so every operator can still take the model.
/// </summary>
/// <param name="DynamicLength">Sequences keep their length; otherwise each is padded to the task's maximum.</param>
public sealed record Traits(Precision Precision = Precision.Fp32, bool DynamicLength = false);
