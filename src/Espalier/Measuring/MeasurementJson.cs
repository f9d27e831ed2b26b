using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>Measurements to JSON and back, checked both ways.</summary>
static class MeasurementJson
{
    /// <summary>What keeps a measurement from being written, in a sentence; null: nothing.</summary>
    public static string? Problem(Measurement m)
    {
        foreach (Quality quality in m.Metrics)
        {
            bool stated = quality is { Value: { } value } && double.IsFinite(value);
            if (stated == quality.WhyUndefined is not null)
            {
                return $"{m.Pipeline} on {m.Task}: {quality.Metric} is {quality.Value?.ToString() ?? "null"} with the "
                    + $"reason '{quality.WhyUndefined}'; a metric has either a finite value or a reason.";
            }
        }

        foreach (string counted in (string[])[Figure.Layers, Figure.MultiplyAdds])
        {
            if (!m.Figures.ContainsKey(counted))
            {
                return $"{m.Pipeline} on {m.Task}: {counted} is missing; measure one example at least.";
            }
        }

        foreach (string figure in Figure.Expected)
        {
            bool excused = m.Absent.Any(a => a.Figure == figure);
            if (excused == m.Figures.ContainsKey(figure))
            {
                return $"{m.Pipeline} on {m.Task}: {figure} is {(excused ? "there" : "null")} and its absence is "
                    + $"{(excused ? "explained" : "not explained")}; a figure is there or has a reason not to be.";
            }
        }

        if (m.Timed?.Problem() is { } unlike)
        {
            return $"{m.Pipeline} on {m.Task} at {m.Effort}: {unlike}; time more examples.";
        }

        return m.JoulesPerExample is not null && m.EnergySource is null
            ? $"{m.Pipeline} on {m.Task}: the joules have no source; say what was counted or modelled."
            : null;
    }

    /// <summary>The way to a number such as 1e999, which is read as infinity; null: there is none.</summary>
    static string? Infinite(JsonElement element, string way) =>
        element.ValueKind switch
        {
            JsonValueKind.Number => double.IsFinite(element.GetDouble()) ? null : way,
            JsonValueKind.Object => element
                .EnumerateObject()
                .Select(p => Infinite(p.Value, way.Length == 0 ? p.Name : $"{way}.{p.Name}"))
                .FirstOrDefault(found => found is not null),
            JsonValueKind.Array => element
                .EnumerateArray()
                .Select((item, i) => Infinite(item, $"{way}[{i}]"))
                .FirstOrDefault(found => found is not null),
            _ => null,
        };

    /// <summary>Version 1 had a field for each figure, and no units; names have stayed.</summary>
    static JsonObject FromFirst(JsonElement old)
    {
        JsonObject record = JsonObject.Create(old)!,
            figures = [];
        foreach (string name in Figure.Expected.Append(Figure.SpeedUp))
        {
            if (!record.Remove(name, out JsonNode? value) || value is null)
            {
                continue;
            }

            JsonObject figure =
                value is not JsonObject known ? Counted(value, record["examples"])
                : name == Figure.PeakMemory ? Peak(known)
                : (JsonObject)known.DeepClone();
            var (unit, per) = Figure.UnitOf(name);
            figure["unit"] = unit;
            figure["per"] = $"{per}".ToLowerInvariant();
            figures[name] = figure;
        }

        record["version"] = Measurement.CurrentVersion;
        record["figures"] = figures;
        return record;

        static JsonObject Counted(JsonNode value, JsonNode? n) =>
            new()
            {
                ["value"] = value.DeepClone(),
                ["low"] = null,
                ["high"] = null,
                ["n"] = n?.DeepClone() ?? 1,
                ["origin"] = "measured",
                ["coverage"] = null,
            };

        static JsonObject Peak(JsonObject peak)
        {
            JsonObject figure = Counted(peak["bytes"] ?? "missing", 1);
            figure["low"] = peak["before"]?.DeepClone();
            figure["high"] = $"{peak["scope"]}" == "process" ? figure["value"]!.DeepClone() : null;
            return figure;
        }
    }

    public static Measurement Read(string name, JsonElement element)
    {
        int version =
            element.ValueKind == JsonValueKind.Object
            && element.TryGetProperty("version", out JsonElement number)
            && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt32(out int read)
                ? read
                : 0;
        if (version is not (1 or Measurement.CurrentVersion))
        {
            throw new InvalidDataException(
                $"{name}: no measurement of version 1 or {Measurement.CurrentVersion}, which are those that can be read; "
                    + "measure again or take the Espalier that wrote it."
            );
        }

        if (Infinite(element, "") is { } field)
        {
            throw new InvalidDataException(
                $"{name}: field '{field}' is beyond all numbers; a finite one was expected, so correct the file or measure again."
            );
        }

        Measurement measurement = Record(
            name,
            "a measurement",
            () =>
                version == 1
                    ? FromFirst(element).Deserialize(MeasurementSchema.Default.Measurement)
                    : element.Deserialize(MeasurementSchema.Default.Measurement)
        );
        return FigureRules.Broken(measurement) is { } broken
                ? throw new InvalidDataException(
                    $"{name}: {broken}; correct the file or measure again."
                )
            : Problem(measurement) is { } problem
                ? throw new InvalidDataException($"{name}: {problem}")
            : measurement;
    }

    /// <summary>What a schema reads, or a refusal that says where it is something else.</summary>
    internal static T Record<T>(string name, string what, Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new JsonException("it is null");
        }
        catch (Exception e)
            when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            string where = e is JsonException { Path: { } path } ? $" at {path}" : "";
            throw new InvalidDataException(
                $"{name}{where}: not {what} ({e.Message.Split(" Path: $")[0].TrimEnd('.')}); correct the file or measure again.",
                e
            );
        }
    }
}

/// <summary>How the records become JSON: names in snake_case, nothing left out, nothing unknown accepted.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    Converters = [typeof(EffortText)]
)]
[JsonSerializable(typeof(Measurement))]
[JsonSerializable(typeof(QualityCurve))]
[JsonSerializable(typeof(StoredAnswers))]
sealed partial class MeasurementSchema : JsonSerializerContext;

/// <summary>An effort as it is written everywhere: <c>confidence:0.9</c>.</summary>
sealed class EffortText : JsonConverter<Effort>
{
    public override Effort Read(
        ref Utf8JsonReader reader,
        Type type,
        JsonSerializerOptions options
    ) =>
        reader.TokenType == JsonTokenType.String
            ? Effort.Parse(reader.GetString()!)
            : throw new JsonException("an effort is a text such as confidence:0.9");

    public override void Write(
        Utf8JsonWriter writer,
        Effort value,
        JsonSerializerOptions options
    ) => writer.WriteStringValue(value.ToString());
}
