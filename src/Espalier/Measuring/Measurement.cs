using System.Collections.Immutable;
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
    /// <summary>Of the JSON form; the first one is read too, any other is refused.</summary>
    public const int CurrentVersion = 2;

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

    /// <summary>By their names; <see cref="Figure.Expected"/> stand here or in <see cref="Absent"/>, others may.</summary>
    public ImmutableSortedDictionary<string, Figure> Figures { get; init; } =
        ImmutableSortedDictionary.Create<string, Figure>(StringComparer.Ordinal);

    /// <summary>Null where there is no such figure.</summary>
    public Estimate? Estimate(string figure) => Figures.GetValueOrDefault(figure)?.Estimate;

    /// <summary>Mean over the split.</summary>
    [JsonIgnore]
    public Estimate? MillisecondsPerExample
    {
        get => Estimate(Figure.Milliseconds);
        init => Figures = With(Figure.Milliseconds, value);
    }

    /// <summary>
    /// Over the first model of the sitting at full effort, in pairs of rounds; null for that itself and where no time was taken.
    /// </summary>
    [JsonIgnore]
    public Estimate? SpeedUp
    {
        get => Estimate(Figure.SpeedUp);
        init => Figures = With(Figure.SpeedUp, value);
    }

    [JsonIgnore]
    public Estimate? CoreSecondsPerExample
    {
        get => Estimate(Figure.CoreSeconds);
        init => Figures = With(Figure.CoreSeconds, value);
    }

    [JsonIgnore]
    public Estimate? JoulesPerExample
    {
        get => Estimate(Figure.Joules);
        init => Figures = With(Figure.Joules, value);
    }

    /// <summary>The time that models are compared by: of a token that a language model writes, of others of an example.</summary>
    [JsonIgnore]
    public Estimate? Milliseconds =>
        Estimate(Figure.MillisecondsPerToken) ?? MillisecondsPerExample;

    /// <summary>The energy that models are compared by, of the same.</summary>
    [JsonIgnore]
    public Estimate? Joules => Estimate(Figure.JoulesPerToken) ?? JoulesPerExample;

    /// <summary>What the joules are, in words and with the constants.</summary>
    public string? EnergySource { get; init; }

    [JsonIgnore]
    public double AverageLayers
    {
        get => Figures[Figure.Layers].Value;
        init => Figures = With(Figure.Layers, Counted(value, Examples));
    }

    [JsonIgnore]
    public double AverageMultiplyAdds
    {
        get => Figures[Figure.MultiplyAdds].Value;
        init => Figures = With(Figure.MultiplyAdds, Counted(value, Examples));
    }

    /// <summary>Of the saved model's folder.</summary>
    [JsonIgnore]
    public long? DiskBytes
    {
        get => (long?)Estimate(Figure.DiskBytes)?.Value;
        init => Figures = With(Figure.DiskBytes, Counted(value, 1));
    }

    /// <summary>Of weights and tables as the session holds them.</summary>
    [JsonIgnore]
    public long? PackedBytes
    {
        get => (long?)Estimate(Figure.PackedBytes)?.Value;
        init => Figures = With(Figure.PackedBytes, Counted(value, 1));
    }

    /// <summary>Not below what was resident before; where it may be of earlier work, not above itself.</summary>
    [JsonIgnore]
    public PeakMemory? PeakMemory
    {
        get =>
            Estimate(Figure.PeakMemory) is { } peak
                ? new PeakMemory(
                    (long)peak.Value,
                    (long?)peak.Low,
                    peak.High is null ? PeakScope.Work : PeakScope.Process
                )
                : null;
        init =>
            Figures = With(
                Figure.PeakMemory,
                value is null
                    ? null
                    : new Estimate(
                        value.Bytes,
                        value.Before,
                        value.Scope == PeakScope.Process ? value.Bytes : null,
                        1,
                        Origin.Measured
                    )
            );
    }

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

    /// <summary>With a figure that not every measurement has.</summary>
    /// <param name="share">Of one of those that there is one figure of, in what was estimated.</param>
    public Measurement With(string figure, Estimate estimate, double share = 1) =>
        this with
        {
            Figures = With(
                figure,
                estimate with
                {
                    Value = estimate.Value * share,
                    Low = estimate.Low * share,
                    High = estimate.High * share,
                }
            ),
        };

    ImmutableSortedDictionary<string, Figure> With(string name, Estimate? estimate)
    {
        var (unit, per) = Figure.UnitOf(name);
        return estimate is null
            ? Figures.Remove(name)
            : Figures.SetItem(name, Figure.Of(estimate, unit, per));
    }

    static Estimate? Counted(double? value, int n) =>
        value is { } count ? new Estimate(count, null, null, n, Origin.Measured) : null;

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
