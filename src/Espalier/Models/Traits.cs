using Espalier.Stored;

namespace Espalier.Models;

/// <summary>Number format of the products in a session.</summary>
public enum Precision
{
    Fp32,

    /// <summary>
    /// Weights int8 per output channel, activations uint8 per row at run time; or both in groups of columns, activations of two bytes.
    /// Classifiers and norms are fp32, tables as they are stored.
    /// </summary>
    Int8,

    /// <summary>Weights of 4 bits and activations int8, both in groups of columns; the rest as in int8.</summary>
    Int4,

    /// <summary>Every weight as it is stored: integers with activations that are quantized, fp32 with such that are not.</summary>
    Mixed,
}

/// <summary>
/// How a model wants to be run, which a session obeys. Weights of the layers that are still fp32 are rounded when they are
/// packed or written; every operator can take the model either way.
/// </summary>
/// <param name="DynamicLength">Sequences keep their length; otherwise each is padded to the task's maximum.</param>
/// <param name="Group">Columns of a weight that share a scale; 0: all of a row.</param>
public sealed record Traits(
    Precision Precision = Precision.Fp32,
    bool DynamicLength = false,
    int Group = 0
)
{
    /// <summary>A weight of a layer in the form that the precision asks for.</summary>
    public Weight Rounded(Weight weight) =>
        weight is not (Fp32 or HalfWidth) || weight.Shape.Rank != 2 ? weight
        : Precision is Precision.Fp32 or Precision.Mixed ? weight
        : Group == 0 ? Int8Rows.Of(weight.Dense())
        : IntGroups.Of(weight.Dense(), Precision == Precision.Int4 ? 4 : 8, Group);
}
