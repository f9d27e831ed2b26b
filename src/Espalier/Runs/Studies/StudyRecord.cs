using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What a store knows of a study: which stages belong to it. Garbage is what no record names.</summary>
/// <param name="Kernels">Those that train. Keys hold them, so machines of two kinds have stages, and a record, each of their own.</param>
/// <param name="Keys">Of all its stages.</param>
public sealed record StudyRecord(string Name, string Kernels, IReadOnlyList<string> Keys)
{
    /// <summary>2 since it carries a hash.</summary>
    const int Version = 2;
    static readonly string[] FieldsOfOne = ["version", "name", "kernels", "stages"];

    /// <summary>Those of them that were finished when it was written; where they are gone, something took them.</summary>
    public IReadOnlyList<string> Done { get; init; } = [];

    /// <summary>False for one of an older version: nothing tells whether it is as it was written.</summary>
    public bool HasHash { get; init; } = true;

    /// <summary>Where it was read from.</summary>
    public string File { get; private init; } = "";

    public static StudyRecord Of(
        StudyRecipe recipe,
        string kernels,
        StudyPlan plan,
        IEnumerable<StageKey> done
    ) =>
        new(recipe.Name, kernels, [.. plan.Stages.Select(s => s.Key.Hex)])
        {
            Done = [.. done.Select(k => k.Hex).Order(StringComparer.Ordinal)],
        };

    public void Write(Store store) =>
        AtomicFile.Write(
            Path.Combine(store.StudiesFolder, FileName(Name, Kernels)),
            SealedJson.Write(
                JsonOutput.Document(
                    json =>
                    {
                        json.WriteNumber("version", Version);
                        json.WriteString("name", Name);
                        json.WriteString("kernels", Kernels);
                        json.Array("stages", Keys, json.WriteStringValue);
                        json.Array("done", Done, json.WriteStringValue);
                    },
                    indented: false
                )[..^1]
            )
        );

    internal static string FileName(string name, string kernels) => $"{name}.{kernels}.json";

    /// <summary>Of every study, by name.</summary>
    /// <exception cref="InvalidDataException">One cannot be read, or is damaged.</exception>
    public static IReadOnlyList<StudyRecord> All(Store store) => [.. Files(store).Select(Read)];

    /// <summary>Everything among the records that is not a half-written file.</summary>
    internal static IEnumerable<string> Files(Store store) =>
        Directory.Exists(store.StudiesFolder)
            ? Directory
                .EnumerateFileSystemEntries(store.StudiesFolder)
                .Where(f => !Path.GetFileName(f).StartsWith('.'))
                .Order(StringComparer.Ordinal)
            : [];

    internal static StudyRecord Read(string path)
    {
        JsonFields file = JsonFile.Read(path);
        if (file.Has("body"))
        {
            JsonFields body = SealedJson.Read(file).Fields;
            body.Integer("version", Version, Version);
            return new StudyRecord(
                body.String("name"),
                body.String("kernels"),
                Hashes(body, "stages")
            )
            {
                Done = Hashes(body, "done"),
                File = path,
            };
        }

        // Of an older version, and nothing else: no damage makes one with a hash look like this.
        file.Integer("version", 1, 1);
        if (file.Names.FirstOrDefault(n => !FieldsOfOne.Contains(n)) is { } unknown)
        {
            throw file.Refuse(unknown, "no such field");
        }

        return new StudyRecord(
            file.String("name"),
            // Still older records are one for all kernels; what they name is wanted all the same.
            file.OptionalString("kernels") ?? "",
            Hashes(file, "stages")
        )
        {
            HasHash = false,
            File = path,
        };
    }

    /// <summary>Stages that it says are there, and are not; without a hash it is asked for all that it names.</summary>
    internal IEnumerable<string> Missing(Store store) =>
        (HasHash ? Done : Keys).Where(k => store.TryRead(new StageKey(k)) is null);

    static IReadOnlyList<string> Hashes(JsonFields fields, string name)
    {
        IReadOnlyList<string> keys = fields.Strings(name);
        return keys.All(Blobs.IsHash)
            ? keys
            : throw fields.Refuse(name, "keys of 64 lower-case hex digits");
    }
}
