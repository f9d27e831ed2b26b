using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>What an example costs: the x of a tradeoff curve.</summary>
public enum Cost
{
    Milliseconds,
    Joules,

    /// <summary>Counted, hence without noise, and blind to everything but arithmetic.</summary>
    MultiplyAdds,
    Layers,
}

/// <summary>Which two figures of a measurement make a point of a curve.</summary>
/// <param name="Metric">By its name; null is the task's primary one.</param>
public sealed record Axes(Cost Cost = Cost.Milliseconds, string? Metric = null)
{
    /// <summary>Whether the cost depends on the machine, so that only one machine's figures may be compared.</summary>
    public bool IsOfMachine => Cost is Cost.Milliseconds or Cost.Joules;

    public double? CostOf(Measurement m) =>
        Cost switch
        {
            Cost.Milliseconds => m.MillisecondsPerExample?.Value,
            Cost.Joules => m.JoulesPerExample?.Value,
            Cost.MultiplyAdds => m.AverageMultiplyAdds,
            _ => m.AverageLayers,
        };

    public double? QualityOf(Measurement m) => Figure(m)?.Value;

    /// <summary>The metric; null where the measurement lacks it.</summary>
    public Quality? Figure(Measurement m) =>
        Metric is null
            ? m.Metrics.Count > 0
                ? m.Metrics[0]
                : null
            : m.Metrics.FirstOrDefault(q => q.Metric == Metric);

    /// <summary>As figures and tables name the cost.</summary>
    public string CostTitle =>
        Cost switch
        {
            Cost.Milliseconds => "ms per example",
            Cost.Joules => "J per example",
            Cost.MultiplyAdds => "multiply-adds per example",
            _ => "layers per example",
        };
}
