using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>A stage as a record tells it to whoever has no recipe.</summary>
/// <param name="Parent">Key of the stage whose model goes in; null: the original.</param>
public sealed record RecordedStage(
    string Key,
    string? Parent,
    string Pipeline,
    string Task,
    ulong Seed
)
{
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("key", Key);
        json.WriteString("parent", Parent);
        json.WriteString("pipeline", Pipeline);
        json.WriteString("task", Task);
        json.WriteNumber("seed", Seed);
    }

    internal static RecordedStage Read(JsonFields fields)
    {
        JsonElement seed = fields.Required("seed", "a whole number");
        return new(
            fields.String("key"),
            fields.OptionalString("parent"),
            fields.String("pipeline"),
            fields.String("task"),
            seed.ValueKind == JsonValueKind.Number && seed.TryGetUInt64(out ulong number)
                ? number
                : throw fields.Refuse("seed", "a whole number of at least 0")
        );
    }
}

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

    /// <summary>What each key stands for, in their order; empty where an older Espalier wrote it.</summary>
    public IReadOnlyList<RecordedStage> Stages { get; init; } = [];

    /// <summary>Groups of models that are measured side by side.</summary>
    public int Groups { get; init; }

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
            Stages =
            [
                .. plan.Stages.Select(s => new RecordedStage(
                    s.Key.Hex,
                    s.Parent?.Hex,
                    $"{s.Pipeline}",
                    s.Recipe.Data.Task.Name,
                    s.Recipe.Seed
                )),
            ],
            Groups = plan.Groups.Count,
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
                        if (Stages.Count > 0)
                        {
                            json.Objects("graph", Stages, s => s.WriteTo(json));
                            json.WriteNumber("groups", Groups);
                        }
                    },
                    indented: false
                )[..^1]
            )
        );

    internal static string FileName(string name, string kernels) => NameOf(name, kernels) + ".json";

    internal static string NameOf(string name, string kernels) => $"{name}.{kernels}";

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
                Stages = body.Has("graph")
                    ? [.. body.Objects("graph").Select(RecordedStage.Read)]
                    : [],
                Groups = body.OptionalInteger("groups", 0, int.MaxValue) ?? 0,
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
