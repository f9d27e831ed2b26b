using Espalier.Data.Metrics;

namespace Espalier.Analysis.Orders;

/// <summary>What was found about the orders of one set of operators on one task.</summary>
public sealed record OrderComparison
{
    public required string Task { get; init; }

    /// <summary>The operators with their options: <c>D+E+P(heads=8)</c>.</summary>
    public required string Operators { get; init; }

    public required Metric Metric { get; init; }

    /// <summary>The pipelines compared.</summary>
    public required IReadOnlyList<string> Orders { get; init; }

    /// <summary>Seeds of the originals on which every order was run: the blocks of all tests.</summary>
    public required IReadOnlyList<ulong> Originals { get; init; }

    /// <summary>Of the split, where quality is a share of right answers; else null.</summary>
    public int? Examples { get; init; }

    /// <summary>Those runs, with their curves over layers (Figure 2 of Xin et al.).</summary>
    public required IReadOnlyList<OrderRun> Runs { get; init; }

    /// <summary>Every two runs (Figure 3).</summary>
    public required IReadOnlyList<PairDistance> Pairs { get; init; }

    /// <summary>Same order, different originals: what seeds alone do (Table 1, "same").</summary>
    public required DistanceSummary Same { get; init; }

    /// <summary>Different orders, different originals: seeds and order (Table 1, "different").</summary>
    public required DistanceSummary Different { get; init; }

    /// <summary>Different orders on the same original: the noise of the original cancels.</summary>
    public required DistanceSummary Paired { get; init; }

    /// <summary>
    /// What <see cref="Paired"/>'s mean would be without any effect of order: largest differences are above 0 by noise
    /// alone. From this study's differences without their mean.
    /// </summary>
    public double? PairedByNoise { get; init; }

    /// <summary>Null where there are too few originals.</summary>
    public PermutationTest? Test { get; init; }

    /// <summary>Signed differences, region by region, at equal layers; none where there are too few originals.</summary>
    public IReadOnlyList<RegionFinding> Regions { get; init; } = [];

    /// <summary>The same at equal time behind the first exit, as shares of O's; null where it cannot be read.</summary>
    public RegionFinding? ByTime { get; init; }

    /// <summary>From so many layers on all intervals lie within the margin; null where they do nowhere.</summary>
    public EquivalentFrom? From { get; init; }

    /// <summary>Behind the first exit chords of so many layers were read.</summary>
    public double WidestStep { get; init; }

    /// <summary>Another set with the same answers (L changes none), with which this one is one test.</summary>
    public string? SameAs { get; init; }
    public required double Margin { get; init; }
    public required double SecondMargin { get; init; }

    /// <summary>Of the region from the second exit on; of models without exits at full effort.</summary>
    public OrderVerdict Verdict { get; init; } = OrderVerdict.Undecided;

    /// <summary>The verdict with its evidence, and where on the curve.</summary>
    public string Sentence { get; init; } = "";
}

/// <summary>One order on one original.</summary>
public sealed record OrderRun(string Pipeline, ulong Original, EffortCurve Curve);

/// <summary>Two runs, as their places in <see cref="OrderComparison.Runs"/>.</summary>
/// <param name="Distance">Largest difference over the places that all runs share.</param>
public sealed record PairDistance(int A, int B, bool SameOrder, bool SameOriginal, double Distance);

/// <param name="Mean">Of largest differences, which noise makes large too: no size of an effect.</param>
/// <param name="Low">
/// 95 % interval of the mean (<see cref="Inference.StudentBootstrap"/>), resampling originals: pairs share runs and are
/// not independent. Null for fewer than two originals, or where all resamples agree.
/// </param>
public sealed record DistanceSummary(
    int Pairs,
    double? Mean,
    double? Sd,
    double? Low,
    double? High,
    string? WhyUndefined
);

/// <param name="Statistic">Distance of the orders' mean curves, averaged over every two orders.</param>
/// <param name="Expected">Its mean over all relabellings: what noise alone makes of it.</param>
/// <param name="Adjusted">P by Holm over the sets of the task.</param>
/// <param name="SmallestP">The least p that this number of originals and orders can give.</param>
/// <param name="Exact">All relabellings were counted; else so many were drawn.</param>
public sealed record PermutationTest(
    double Statistic,
    double Expected,
    double P,
    double Adjusted,
    double SmallestP,
    bool Exact,
    int Relabellings
)
{
    /// <summary>p to three digits; never zero, which no test can show.</summary>
    public string ShownP => Inference.Shown(P);
}

/// <summary>What may be said of orders, against a margin that was stated before.</summary>
public enum OrderVerdict
{
    /// <summary>At every place of the region the difference is shown to lie within the margin.</summary>
    Equivalent,

    /// <summary>At some place it is shown to lie beyond.</summary>
    Different,
    Undecided,
}

public enum CurveRegion
{
    FirstExit,
    BetweenFirstAndSecond,
    FromSecondExit,

    /// <summary>Models without exits.</summary>
    FullEffort,

    /// <summary>All behind the first exit, at equal time.</summary>
    EqualTime,
}

/// <summary>By how much order A is better than order B at one place, over originals.</summary>
/// <param name="Place">Layers, or time as a share of O's.</param>
/// <param name="Low">Ends of an interval that holds for all places and pairs at once.</param>
public sealed record OrderDifference(
    string A,
    string B,
    double Place,
    double Mean,
    double Low,
    double High
);

/// <summary>The verdict over originals on the examples at hand, as if another draw of them were not asked for.</summary>
/// <param name="Examples">0 where answers are not known.</param>
/// <param name="Originals">That would show equivalence in 80 % of studies if there were no difference; null: none would.</param>
public sealed record OnTheseExamples(
    int Examples,
    OrderVerdict Verdict,
    double Equivalent,
    double Beyond,
    double Bound,
    int? Originals
);

/// <param name="Equivalent">p of all differences within the margin, by Holm over the sets of the task.</param>
/// <param name="Beyond">p of one beyond the margin, likewise.</param>
/// <param name="Any">p of any difference but 0, likewise.</param>
/// <param name="Bound">The least margin within which all would be shown to lie.</param>
/// <param name="Second">The verdict against the second margin.</param>
/// <param name="CoversExamples">Another draw of the split's examples is in the intervals; else they speak of these examples alone.</param>
/// <param name="Here">What these examples alone allow to say; the same where their choice is not in the intervals.</param>
/// <param name="Needed">What would show equivalence over another draw of the examples too; null where that is not asked, or nothing would.</param>
public sealed record RegionFinding(
    CurveRegion Region,
    IReadOnlyList<OrderDifference> Differences,
    double Equivalent,
    double Beyond,
    double Any,
    double Bound,
    OrderVerdict Verdict,
    OrderVerdict Second,
    bool CoversExamples,
    OnTheseExamples Here,
    Needed? Needed
)
{
    public OrderDifference Largest => Differences.MaxBy(d => Math.Abs(d.Mean))!;

    /// <summary>The one whose interval is furthest from 0, by its own width.</summary>
    public OrderDifference Clearest =>
        Differences.MaxBy(d =>
            d.High > d.Low ? Math.Abs(d.Mean) / (d.High - d.Low) : Math.Abs(d.Mean)
        )!;

    /// <summary>To be told: the clearest where there is one, else the largest.</summary>
    public OrderDifference Told => Any <= 0.05 ? Clearest : Largest;

    /// <summary>Numbers of layers, or times, at which it was read.</summary>
    public int Places => Differences.Select(d => d.Place).Distinct().Count();
}

/// <param name="Layers">From which on.</param>
/// <param name="Bound">The least margin within which all differences there are shown to lie.</param>
public sealed record EquivalentFrom(double Layers, double Bound);
