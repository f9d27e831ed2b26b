using System.Text.Json;
using Espalier.Checkpoints;

namespace Espalier.Models.Families;

/// <summary>layer_types of config.json: whether a layer's tokens see all others, or their neighbourhood alone.</summary>
static class LayerTypes
{
    /// <param name="missing">Which layers see all where the file has other fields for it.</param>
    public static bool[] SeeAll(JsonFields file, int layers, Func<int, bool> missing)
    {
        if (!file.Has("layer_types"))
        {
            return [.. Enumerable.Range(0, layers).Select(missing)];
        }

        IReadOnlyList<string> types = file.Strings("layer_types");
        return types.Count == layers && types.All(t => t is "full_attention" or "sliding_attention")
            ? [.. types.Select(t => t == "full_attention")]
            : throw file.Refuse(
                "layer_types",
                $"\"full_attention\" or \"sliding_attention\" for each of the {layers} layers"
            );
    }

    public static void Write(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartArray("layer_types");
        foreach (Block layer in config.Layers)
        {
            json.WriteStringValue(
                layer.Attention.Reach is null ? "full_attention" : "sliding_attention"
            );
        }

        json.WriteEndArray();
    }
}
