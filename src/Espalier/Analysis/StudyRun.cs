using System.Collections.Immutable;
using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// One pipeline on one task with one set of seeds, over all its efforts. The first seed is the original's: runs that
/// share it started from the same fine-tuned model and are compared in pairs.
/// </summary>
public sealed record StudyRun(
    string Task,
    string Pipeline,
    ImmutableArray<ulong> Seeds,
    TradeoffCurve Curve,
    IReadOnlyList<Measurement> Measurements
)
{
    /// <summary>Of the fine-tuned original.</summary>
    public ulong Original => Seeds.IsEmpty ? 0 : Seeds[0];

    public string SeedText => string.Join("/", Seeds);
}
