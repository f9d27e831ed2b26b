using Espalier.Models;
using Espalier.Models.Storage;

namespace Espalier.Export;

/// <summary>A model as transformers loads it and answers the same: weights in fp32, without early exits.</summary>
public static class PlainModel
{
    /// <param name="why">Why transformers would refuse it or answer otherwise; null: it does neither.</param>
    public static Model Of(Model model, out string? why)
    {
        model = model.WithoutExits();
        Parameters dense = new();
        foreach (string name in model.Parameters.Names)
        {
            dense.Add(name, Rounded(Part.Of(name), name).Dense());
        }

        Model plain = model with
        {
            Parameters = dense,
            Traits = new Traits(DynamicLength: model.Traits.DynamicLength),
        };
        string loadable = ConfigWriter.Loadable(plain);
        why = loadable == "yes" ? null : loadable;
        return plain;

        Stored.Weight Rounded(Part part, string name) =>
            name == part.Weight && !part.IsNorm
                ? OnnxProducts.FormOf(model, part)
                : model.Parameters.Stored(name);
    }
}
