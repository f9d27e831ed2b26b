using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>Rotary positions in config.json: <c>rope_parameters</c> of today's files, <c>rope_theta</c> and <c>rope_scaling</c> of older ones.</summary>
static class RotaryFields
{
    static readonly Dictionary<string, RotaryStretch> Stretches = new()
    {
        ["linear"] = RotaryStretch.Linear,
        ["dynamic"] = RotaryStretch.Dynamic,
        ["llama3"] = RotaryStretch.Llama3,
        ["yarn"] = RotaryStretch.Yarn,
    };

    public static readonly string[] Names =
    [
        "rope_parameters",
        "rope_theta",
        "rope_scaling",
        "partial_rotary_factor",
        "original_max_position_embeddings",
    ];

    /// <param name="missing">Theta where the file has none.</param>
    public static Rotary Read(JsonFields file, double missing = 10_000) =>
        Read(
            file,
            file.OptionalObject("rope_parameters") ?? file.OptionalObject("rope_scaling"),
            file.OptionalNumber("rope_theta", 1, 1e12) ?? missing
        );

    /// <param name="here">The object that says how angles are stretched; null: they are not.</param>
    public static Rotary Read(JsonFields file, JsonFields? here, double theta)
    {
        foreach (JsonFields fields in here is null ? [file] : new[] { file, here })
        {
            if (fields.OptionalNumber("partial_rotary_factor", 0, 1) is { } part and not 1)
            {
                throw fields.Refuse("partial_rotary_factor", "1 (whole heads turn)");
            }
        }

        Rotary rotary = new((float)(here?.OptionalNumber("rope_theta", 1, 1e12) ?? theta));
        return here is null ? rotary : rotary with { Scaling = Scaling(file, here) };
    }

    static RotaryScaling? Scaling(JsonFields file, JsonFields here)
    {
        string field = here.Has("rope_type") ? "rope_type" : "type",
            type = here.OptionalString(field) ?? "default";
        if (type == "default")
        {
            return null;
        }

        if (!Stretches.TryGetValue(type, out RotaryStretch stretch))
        {
            throw here.Refuse(field, $"default, {string.Join(", ", Stretches.Keys)}");
        }

        int trained =
            file.OptionalInteger("original_max_position_embeddings", 1, ConfigReader.MostRows)
            ?? here.OptionalInteger("original_max_position_embeddings", 1, ConfigReader.MostRows)
            ?? file.Integer("max_position_embeddings", 1, ConfigReader.MostRows);
        RotaryScaling scaling = new(stretch, here.Number("factor", 1, 1e6), trained)
        {
            LowFactor = here.OptionalNumber("low_freq_factor", 1e-6, 1e6) ?? 1,
            HighFactor = here.OptionalNumber("high_freq_factor", 1e-6, 1e6) ?? 4,
            FastTurns = here.OptionalNumber("beta_fast", 1e-6, 1e6) ?? 32,
            SlowTurns = here.OptionalNumber("beta_slow", 1e-6, 1e6) ?? 1,
            WholePairs = here.OptionalFlag("truncate") ?? true,
        };
        if (stretch == RotaryStretch.Llama3 && scaling.LowFactor >= scaling.HighFactor)
        {
            throw here.Refuse(
                "high_freq_factor",
                $"a number above low_freq_factor {scaling.LowFactor}"
            );
        }

        return stretch == RotaryStretch.Yarn
            ? scaling with
            {
                Magnitude = (float)Magnitude(here, scaling.Factor),
            }
            : scaling;
    }

    /// <summary>YaRN's factor of cosines and sines: 0.1 ln(factor) + 1, or what the file says.</summary>
    static double Magnitude(JsonFields here, double factor)
    {
        if (here.OptionalNumber("attention_factor", 1e-6, 1e6) is { } said)
        {
            return said;
        }

        double Of(double scale) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;
        return
            here.OptionalNumber("mscale", 0, 1e6) is { } one and not 0
            && here.OptionalNumber("mscale_all_dim", 0, 1e6) is { } all and not 0
            ? Of(one) / Of(all)
            : Of(1);
    }

    /// <summary>The fields of one kind, inside the object that the caller began.</summary>
    public static void Write(Utf8JsonWriter json, Rotary rotary)
    {
        json.WriteNumber("rope_theta", rotary.Base);
        if (rotary.Scaling is not { } scaling)
        {
            json.WriteString("rope_type", "default");
            return;
        }

        json.WriteString("rope_type", Stretches.First(s => s.Value == scaling.Stretch).Key);
        json.WriteNumber("factor", scaling.Factor);
        if (scaling.Stretch is RotaryStretch.Llama3 or RotaryStretch.Yarn)
        {
            json.WriteNumber("original_max_position_embeddings", scaling.Trained);
        }

        if (scaling.Stretch == RotaryStretch.Llama3)
        {
            json.WriteNumber("low_freq_factor", scaling.LowFactor);
            json.WriteNumber("high_freq_factor", scaling.HighFactor);
        }

        if (scaling.Stretch == RotaryStretch.Yarn)
        {
            json.WriteNumber("beta_fast", scaling.FastTurns);
            json.WriteNumber("beta_slow", scaling.SlowTurns);
            json.WriteBoolean("truncate", scaling.WholePairs);
            json.WriteNumber("attention_factor", scaling.Magnitude);
        }
    }
}
