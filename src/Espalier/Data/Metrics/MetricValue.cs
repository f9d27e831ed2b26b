namespace Espalier.Data.Metrics;

/// <summary>What a metric came to, or why it has no value: null with a reason, never 0 and never NaN.</summary>
public sealed record MetricValue(string Name, double? Value, string? WhyUndefined)
{
    internal static MetricValue Of(string name, double value) => new(name, value, null);

    internal static MetricValue Undefined(string name, string why) => new(name, null, why);
}
