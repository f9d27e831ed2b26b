using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What a store knows of a study: which stages belong to it. Garbage is what no record names.</summary>
/// <param name="Kernels">Those that train. Keys hold them, so machines of two kinds have stages, and a record, each of their own.</param>
public sealed record StudyRecord(string Name, string Kernels, IReadOnlyList<string> Keys)
{
    const int Version = 1;

    public static StudyRecord Of(StudyRecipe recipe, string kernels, StudyPlan plan) =>
        new(recipe.Name, kernels, [.. plan.Stages.Select(s => s.Key.Hex)]);

    public void Write(Store store)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("name", Name);
            json.WriteString("kernels", Kernels);
            json.WriteStartArray("stages");
            foreach (string key in Keys)
            {
                json.WriteStringValue(key);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        AtomicFile.Write(
            Path.Combine(store.StudiesFolder, $"{Name}.{Kernels}.json"),
            stream.ToArray()
        );
    }

    /// <summary>Of every study, by name.</summary>
    public static IReadOnlyList<StudyRecord> All(Store store) =>
        Directory.Exists(store.StudiesFolder)
            ?
            [
                .. Directory
                    .EnumerateFiles(store.StudiesFolder, "*.json")
                    .Order(StringComparer.Ordinal)
                    .Select(Read),
            ]
            : [];

    static StudyRecord Read(string path)
    {
        JsonFields fields = JsonFile.Read(path);
        fields.Integer("version", Version, Version);

        // Older records are one for all kernels; what they name is wanted all the same.
        return new StudyRecord(
            fields.String("name"),
            fields.OptionalString("kernels") ?? "",
            fields.Strings("stages")
        );
    }
}
