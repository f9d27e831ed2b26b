namespace Espalier.Models;

/// <summary>Number format of the products in a session.</summary>
public enum Precision
{
    Fp32,

    /// <summary>Weights int8 per output channel, activations uint8 per row at run time; classifiers and norms are fp32, tables as they are stored.</summary>
    Int8,
}

/// <summary>
/// How a model wants to be run, which a session obeys. Weights of the layers that are still fp32 are rounded as int8 rows when they are
/// packed or written; every operator can take the model either way.
/// </summary>
/// <param name="DynamicLength">Sequences keep their length; otherwise each is padded to the task's maximum.</param>
public sealed record Traits(Precision Precision = Precision.Fp32, bool DynamicLength = false);
