using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>A figure that a measurement lacks, by its name in JSON, and why.</summary>
public sealed record AbsentFigure(string Figure, string Why);

/// <summary>
/// One model at one effort on one task on one machine. Every figure carries its origin; one that is null stands in
/// <see cref="Absent"/> with the reason.
/// </summary>
public sealed record Measurement
{
    /// <summary>Of the JSON form; one that this code does not know is refused.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>All operators applied so far with their options, as <c>DEP(heads=8)</c>.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The last of them.</summary>
    public required string Stage { get; init; }
    public required string Task { get; init; }

    /// <summary>Of the task; thresholds were not chosen on it.</summary>
    public required string Split { get; init; }
    public required Effort Effort { get; init; }
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>That quality, layers and multiply-adds are over.</summary>
    public required int Examples { get; init; }

    /// <summary>The task's, its primary one first.</summary>
    public required IReadOnlyList<Quality> Metrics { get; init; }

    /// <summary>The task's first metric, which curves show and choices are made by.</summary>
    [JsonIgnore]
    public Quality Primary => Metrics[0];

    public required double AverageLayers { get; init; }
    public required double AverageMultiplyAdds { get; init; }

    /// <summary>Sequences answered at once while time was taken.</summary>
    public required int BatchSize { get; init; }

    /// <summary>
    /// Of one interleaved comparison, by the moment when it began: times and their quotients are in pairs within a sitting
    /// only. Null in records made before sittings were told apart.
    /// </summary>
    public string? Sitting { get; init; }

    /// <summary>Processes that wanted to run over the minute before the sitting, this one's trainings among them.</summary>
    public double? SittingLoad { get; init; }

    /// <summary>Examples that were timed; the estimate's n counts rounds.</summary>
    public int? TimedExamples { get; init; }

    /// <summary>Those examples beside the split's; null in records made before, when they were a few spread over the split.</summary>
    public TimedSet? Timed { get; init; }

    /// <summary>Mean over the split.</summary>
    public Estimate? MillisecondsPerExample { get; init; }

    /// <summary>
    /// Over the first model of the sitting at full effort, in pairs of rounds; null for that itself and where no time was taken.
    /// </summary>
    public Estimate? SpeedUp { get; init; }
    public Estimate? CoreSecondsPerExample { get; init; }
    public Estimate? JoulesPerExample { get; init; }

    /// <summary>What the joules are, in words and with the constants.</summary>
    public string? EnergySource { get; init; }

    /// <summary>Of the saved model's folder.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Of weights and tables as the session holds them.</summary>
    public long? PackedBytes { get; init; }
    public PeakMemory? PeakMemory { get; init; }
    public required Machine Machine { get; init; }
    public IReadOnlyList<AbsentFigure> Absent { get; init; } = [];

    /// <summary>With what timing said of the candidate.</summary>
    public Measurement With(SplitTiming timing, string energySource) =>
        this with
        {
            TimedExamples = timing.Set.Examples,
            Timed = timing.Set,
            MillisecondsPerExample = timing.MillisecondsPerExample,
            CoreSecondsPerExample = timing.CoreSecondsPerExample,
            JoulesPerExample = timing.JoulesPerExample,
            EnergySource = energySource,
        };

    /// <exception cref="ArgumentException">A figure is not finite, or is null without a reason.</exception>
    public void WriteTo(Utf8JsonWriter writer)
    {
        if (MeasurementJson.Problem(this) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        JsonSerializer.Serialize(writer, this, MeasurementSchema.Default.Measurement);
    }

    /// <param name="name">Of the file and the place in it, for messages.</param>
    /// <exception cref="InvalidDataException">It is no measurement of a version that this code knows.</exception>
    public static Measurement Read(string name, JsonElement element) =>
        MeasurementJson.Read(name, element);
}
