using Espalier.Models;
using Espalier.Models.Storage;

namespace Espalier.Export;

/// <summary>A model as transformers loads it and answers the same: weights in fp32, without early exits.</summary>
public static class PlainModel
{
    /// <param name="why">Why transformers would refuse it or answer otherwise; null: it does neither.</param>
    public static Model Of(Model model, out string? why)
    {
        ModelConfig config = model.Config with { ExitPooling = null };
        Parameters dense = new();
        foreach (string name in model.Parameters.Names)
        {
            Part part = Part.Of(name);
            if (part.Stretch != Stretch.Exit)
            {
                dense.Add(name, Rounded(part, name).Dense());
            }
        }

        Model plain = model with
        {
            Config = config,
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
