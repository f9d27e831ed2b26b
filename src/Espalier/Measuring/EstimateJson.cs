using System.Text.Json;

namespace Espalier.Measuring;

/// <summary>Figures that may be absent, as the files of results and the terminal's JSON have them.</summary>
public static class EstimateJson
{
    /// <summary>Value, interval and number of observations, and where the figure comes from if asked for; null: no figure.</summary>
    public static void Estimate(
        this Utf8JsonWriter json,
        string name,
        Estimate? estimate,
        bool withOrigin = false
    )
    {
        if (estimate is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("value", estimate.Value);
        json.OptionalNumber("low", estimate.Low);
        json.OptionalNumber("high", estimate.High);
        json.WriteNumber("n", estimate.N);
        if (withOrigin)
        {
            json.WriteString("origin", estimate.Origin.ToString().ToLowerInvariant());
        }

        json.WriteEndObject();
    }

    public static void OptionalNumber(this Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
