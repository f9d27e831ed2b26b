using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What a store knows of a study: which stages belong to it. Garbage is what no record names.</summary>
public sealed record StudyRecord(string Name, IReadOnlyList<string> Keys)
{
    const int Version = 1;

    public static StudyRecord Of(StudyRecipe recipe, StudyPlan plan) =>
        new(recipe.Name, [.. plan.Stages.Select(s => s.Key.Hex)]);

    public void Write(Store store)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("name", Name);
            json.WriteStartArray("stages");
            foreach (string key in Keys)
            {
                json.WriteStringValue(key);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        AtomicFile.Write(store.StudyFile(Name), stream.ToArray());
    }

    /// <summary>Of every study, by name.</summary>
    public static IReadOnlyList<StudyRecord> All(Store store)
    {
        string folder = Path.GetDirectoryName(store.StudyFile("x"))!;
        return Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, "*.json")
                    .Order(StringComparer.Ordinal)
                    .Select(Read),
            ]
            : [];
    }

    public static StudyRecord Find(Store store, string? name)
    {
        IReadOnlyList<StudyRecord> all = All(store);
        return all.FirstOrDefault(s => name is null ? all.Count == 1 : s.Name == name)
            ?? throw new InvalidDataException(
                all.Count == 0
                    ? $"{store.Folder} holds no study; run one with 'espalier study'."
                    : $"{store.Folder} holds the studies {string.Join(", ", all.Select(s => s.Name))}; "
                        + (
                            name is null
                                ? "name one of them."
                                : $"there is no '{Printable.Escape(name)}' among them."
                        )
            );
    }

    static StudyRecord Read(string path)
    {
        JsonFields fields = JsonFile.Read(path);
        fields.Integer("version", Version, Version);
        return new StudyRecord(fields.String("name"), fields.Strings("stages"));
    }
}
