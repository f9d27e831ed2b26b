using Espalier.Data.Metrics;

namespace Espalier.Data;

/// <summary>
/// What a task is, before any of its data is read. Of the metrics the first is the one that curves show and choices are made by.
/// </summary>
public sealed record TaskDefinition(
    string Name,
    string Title,
    TaskKind Kind,
    IReadOnlyList<Metric> Metrics,
    bool HasPairs,
    string Licence
)
{
    /// <summary>To how many tokens texts are cut, and to how many a model without L pads.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>Its data lies in this library, so that no folder is needed.</summary>
    public bool IsShipped { get; init; }

    /// <summary>Names of the classes; none where there are none.</summary>
    public IReadOnlyList<string> Labels => Kind is Labelled labelled ? labelled.Labels : [];

    public bool IsRegression => Kind is Scored;

    /// <summary>Width of the classifier: one per class, or one for a regression.</summary>
    public int Outputs => Math.Max(1, Labels.Count);

    public Metric Primary => Metrics[0];
}
