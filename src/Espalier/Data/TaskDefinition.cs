using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>
/// What a task is, before any of its data is read. Labels are the names of the classes, the index being
/// the class, and none for a regression; of the metrics the first is the one that curves show.
/// </summary>
public sealed record TaskDefinition(
    string Name,
    string Title,
    IReadOnlyList<string> Labels,
    IReadOnlyList<Metric> Metrics,
    bool HasPairs,
    string Licence
)
{
    /// <summary>To how many tokens texts are cut, and to how many a model without L pads.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>Its data lies in this library, so that no folder is needed.</summary>
    public bool IsShipped { get; init; }

    /// <summary>Between which scores a regression's labels lie; null where anything finite is one.</summary>
    public (double Lowest, double Highest)? ScoreRange { get; init; }

    public bool IsRegression => Labels.Count == 0;

    /// <summary>Width of the classifier: one per class, or one for a regression.</summary>
    public int Outputs => Math.Max(1, Labels.Count);

    public Metric Primary => Metrics[0];
}
