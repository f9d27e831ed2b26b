using System.Text.Json.Serialization;

namespace Espalier.Measuring;

/// <summary>How a figure was obtained.</summary>
public enum Origin
{
    /// <summary>Really run or counted on this machine.</summary>
    [JsonStringEnumMemberName("measured")]
    Measured,

    /// <summary>Computed from something measured and from constants that were not measured here.</summary>
    [JsonStringEnumMemberName("modelled")]
    Modelled,

    /// <summary>Derived from measurements of other pipelines.</summary>
    [JsonStringEnumMemberName("predicted")]
    Predicted,
}

/// <summary>
/// A figure with what is known of its error. Always finite: what could not be obtained is an absent estimate with a
/// reason (<see cref="Measurement.Absent"/>), never a NaN.
/// </summary>
/// <param name="Low">Lower end of the interval; null where there is none, as for a single round.</param>
/// <param name="N">Independent observations behind the value (rounds, not examples, for a time).</param>
public sealed record Estimate(double Value, double? Low, double? High, int N, Origin Origin)
{
    public double Value { get; init; } = Finite(Value, nameof(Value));

    public double? Low { get; init; } = Low is { } low ? Finite(low, nameof(Low)) : null;

    public double? High { get; init; } = High is { } high ? Finite(high, nameof(High)) : null;

    /// <summary>
    /// Confidence of the interval. At least 0.95 where the observations allow it, less for fewer than six; null where
    /// the interval is a bound (of a clock's resolution, of a model's constants) and no confidence interval.
    /// </summary>
    public double? Coverage { get; init; }

    /// <summary>The interval covers 95 % and is no wider than that share of the value.</summary>
    public bool IsWithin(double width) =>
        Coverage >= Statistics.Confidence && High - Low <= width * Math.Abs(Value);

    static double Finite(double value, string name) =>
        double.IsFinite(value)
            ? value
            : throw new ArgumentException(
                $"{name} of an estimate is {value}; a figure is finite, and an absent one is null with a reason."
            );
}
