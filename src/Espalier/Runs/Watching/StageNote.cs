using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Watching;

/// <summary>Whether somebody works, as they said last.</summary>
public enum WorkState
{
    Working,

    /// <summary>Of a study: times are taken.</summary>
    Measuring,
    Done,
    Failed,

    /// <summary>Interrupted; the same command goes on.</summary>
    Stopped,
}

/// <summary>What the making of a stage says of itself.</summary>
public sealed record StageNote
{
    public int Version { get; init; } = 1;
    public required string Key { get; init; }
    public required string Pipeline { get; init; }
    public required string Task { get; init; }
    public required ulong Seed { get; init; }
    public required string Host { get; init; }
    public required int Process { get; init; }
    public required DateTimeOffset Began { get; init; }
    public required DateTimeOffset Heard { get; init; }
    public WorkState State { get; init; }

    /// <summary>Of the training that runs; 0 of 0 before the first, and where nothing is trained.</summary>
    public int Step { get; init; }
    public int Steps { get; init; }
    public double? Loss { get; init; }
    public double? ExamplesPerSecond { get; init; }

    /// <summary>Of that training.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Of a failure.</summary>
    public string? Why { get; init; }

    /// <summary>Steps and the mean loss before each, of the training that runs or ran last; thinned as it goes on.</summary>
    public IReadOnlyList<LossPoint> Losses { get; init; } = [];

    /// <summary>Whether all of it can be; who shares a store can write anything there.</summary>
    internal bool IsSound =>
        this is { Pipeline: not null, Task: not null, Host: not null, Losses: not null }
        && Step >= 0
        && Step <= Steps
        && SecondsLeft is null or >= 0 and < MostSeconds
        && double.IsFinite(Loss ?? 0)
        && double.IsFinite(ExamplesPerSecond ?? 0)
        && Losses.All(l => l is { Step: >= 0 } && double.IsFinite(l.Loss));

    const double MostSeconds = 1e9;
}

public sealed record LossPoint(int Step, double Loss);

/// <summary>What a process says of a study that it runs.</summary>
public sealed record StudyNote
{
    public int Version { get; init; } = 1;
    public required string Name { get; init; }
    public required string Kernels { get; init; }
    public required string Host { get; init; }
    public required int Process { get; init; }
    public required int Threads { get; init; }
    public required DateTimeOffset Began { get; init; }
    public required DateTimeOffset Heard { get; init; }
    public WorkState State { get; init; }

    /// <summary>What is being measured, and how much of it is done (0 to 1).</summary>
    public string? Measures { get; init; }
    public double Share { get; init; }

    /// <summary>Known when it ended.</summary>
    public IReadOnlyList<FailureNote> Failures { get; init; } = [];

    // What a file leaves out is null, whatever the type says.
    internal bool IsSound =>
        this is { Name: not null, Kernels: not null, Host: not null, Failures: not null }
        && Share is >= 0 and <= 1
        && Failures.All(f => f is { Key: not null, Why: not null });
}

public sealed record FailureNote(string Key, string Why);

/// <summary>Notes as files, in the folder of a store that is theirs.</summary>
static class Notes
{
    const long MostBytes = 8 << 20;

    public static string FileOf(Store store, string name) =>
        Path.Combine(store.DiaryFolder, name + ".json");

    const string GroupMark = "~";

    /// <summary>Of a node that measures one group of a study.</summary>
    /// <param name="study">Name of the study's own note.</param>
    public static string NameOfGroup(string study, string key) => $"{study}{GroupMark}{key[..12]}";

    public static byte[] Write(StageNote note) =>
        JsonSerializer.SerializeToUtf8Bytes(note, NoteSchema.Default.StageNote);

    public static byte[] Write(StudyNote note) =>
        JsonSerializer.SerializeToUtf8Bytes(note, NoteSchema.Default.StudyNote);

    public static StageNote? OfStage(Store store, string key) =>
        Read(store, key, NoteSchema.Default.StageNote) is { IsSound: true } note && note.Key == key
            ? note
            : null;

    public static StudyNote? OfStudy(Store store, string name) =>
        Read(store, name, NoteSchema.Default.StudyNote) is { IsSound: true } note ? note : null;

    /// <summary>Of all nodes that measure a group of a study, or did.</summary>
    public static IEnumerable<StudyNote> OfGroups(Store store, string study) =>
        Directory.Exists(store.DiaryFolder)
            ? Directory
                .EnumerateFiles(store.DiaryFolder, $"{study}{GroupMark}*.json")
                .Order(StringComparer.Ordinal)
                .Select(f => OfStudy(store, Path.GetFileNameWithoutExtension(f)))
                .OfType<StudyNote>()
            : [];

    /// <summary>Null where there is none, or it is damaged: the next one replaces it, and nobody depends on it.</summary>
    static T? Read<T>(
        Store store,
        string name,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> schema
    )
        where T : class
    {
        string file = FileOf(store, name);
        try
        {
            return File.Exists(file)
                ? JsonSerializer.Deserialize(RegularFile.ReadAll(file, "a note", MostBytes), schema)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(StageNote))]
[JsonSerializable(typeof(StudyNote))]
sealed partial class NoteSchema : JsonSerializerContext;
