using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Checkpoints;

namespace Espalier.Runs.Storage;

/// <summary>What an action left.</summary>
public enum ActionKind
{
    /// <summary>A model.</summary>
    Stage,

    /// <summary>Measurements of models that were compared side by side.</summary>
    Measurements,

    /// <summary>Nothing: a training diverged, and would again.</summary>
    Failure,
}

/// <summary>A file of an action: its name there, and the blob that holds its bytes.</summary>
public sealed record StoredFile(string Name, string Sha256, long Bytes);

/// <summary>
/// What was done and what came out: the only place where the store says that something is finished. It is written when
/// all its blobs are on the disk.
/// </summary>
public sealed record StoredAction
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required ActionKind Kind { get; init; }
    public required string Key { get; init; }

    /// <summary>Operators so far; of measurements all pipelines that were compared.</summary>
    public required string Pipeline { get; init; }
    public required string Task { get; init; }
    public required ulong Seed { get; init; }

    /// <summary>Keys of the actions whose results went in.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];
    public IReadOnlyList<StoredFile> Files { get; init; } = [];

    /// <summary>The machine that measured; null for what is the same on every machine.</summary>
    public string? Machine { get; init; }

    /// <summary>How long it took, on so many threads, without the parts done by calls that were interrupted.</summary>
    public double Seconds { get; init; }
    public int Threads { get; init; }

    /// <summary>Of a failure.</summary>
    public string? Why { get; init; }

    public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>The action with its own hash, which tells a damaged file from a good one.</summary>
    public byte[] ToJson() =>
        SealedJson.Write(
            JsonSerializer.SerializeToUtf8Bytes(this, ActionSchema.Default.StoredAction)
        );

    /// <exception cref="InvalidDataException">Damaged, or of a version that this code does not know.</exception>
    public static StoredAction Read(string path)
    {
        var (fields, body) = SealedJson.Read(JsonFile.Read(path));
        fields.Integer("version", CurrentVersion, CurrentVersion);
        Check(path, fields);
        try
        {
            return JsonSerializer.Deserialize(body, ActionSchema.Default.StoredAction)!;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{path}: not an action ({JsonFile.Reason(e)}); remove the file, and what it stood for is made again.",
                e
            );
        }
    }

    /// <summary>The hash says that the file is as it was written, not that Espalier wrote it.</summary>
    static void Check(string path, JsonFields fields)
    {
        string kind = fields.String("kind");
        if (!Enum.GetNames<ActionKind>().Contains(kind))
        {
            throw fields.Refuse("kind", string.Join(" or ", Enum.GetNames<ActionKind>()));
        }

        if (!Blobs.IsHash(fields.String("key")))
        {
            throw fields.Refuse("key", "64 lower-case hex digits");
        }

        fields.String("pipeline");
        fields.String("task");
        foreach (string input in fields.Strings("inputs").Where(i => !Blobs.IsHash(i)))
        {
            throw new InvalidDataException(
                $"{path}: has the input '{Printable.Escape(input)}'; keys of 64 lower-case hex digits were expected."
            );
        }

        fields.Number("seconds", 0, double.MaxValue);
        fields.Integer("threads", 0, int.MaxValue);
        HashSet<string> names = [];
        foreach (JsonFields file in fields.Objects("files"))
        {
            string name = file.String("name");
            if (!IsPlainName(name))
            {
                throw new InvalidDataException(
                    $"{path}: names the file '{Printable.Escape(name)}'; a plain name was expected."
                );
            }

            if (!names.Add(name))
            {
                throw file.Refuse("name", "another than the files before it have");
            }

            file.Long("bytes", 0, long.MaxValue);
            if (!Blobs.IsHash(file.String("sha256")))
            {
                throw file.Refuse("sha256", "64 lower-case hex digits");
            }
        }

        if (names.Count == 0 && kind != $"{ActionKind.Failure}")
        {
            throw fields.Refuse("files", "a file at least");
        }
    }

    /// <summary>Of a file in the action's own folder: stores are shared, and a name must not lead out of there.</summary>
    static bool IsPlainName(string name) =>
        name is not ("" or ['.', ..])
        && !name.Any(c => c is '/' or '\\' or ':' || char.IsControl(c));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true
)]
[JsonSerializable(typeof(StoredAction))]
sealed partial class ActionSchema : JsonSerializerContext;
