namespace Espalier.Analysis.Orders;

/// <summary>What was found about the orders of one set of operators on one task.</summary>
public sealed record OrderComparison
{
    public required string Task { get; init; }

    /// <summary>The operators with their options: <c>D+E+P(heads=8)</c>.</summary>
    public required string Operators { get; init; }

    /// <summary>The pipelines compared.</summary>
    public required IReadOnlyList<string> Orders { get; init; }

    /// <summary>Seeds of the originals on which every order was run: the blocks of the test.</summary>
    public required IReadOnlyList<ulong> Originals { get; init; }

    /// <summary>All runs, with their curves (Figure 2 of Xin et al.).</summary>
    public required IReadOnlyList<StudyRun> Runs { get; init; }

    /// <summary>Every two runs (Figure 3).</summary>
    public required IReadOnlyList<PairDistance> Pairs { get; init; }

    /// <summary>Same order, different originals: what seeds alone do (Table 1, "same").</summary>
    public required DistanceSummary Same { get; init; }

    /// <summary>Different orders, different originals: seeds and order (Table 1, "different").</summary>
    public required DistanceSummary Different { get; init; }

    /// <summary>Different orders on the same original: the noise of the original cancels.</summary>
    public required DistanceSummary Paired { get; init; }

    /// <summary>Null where curves cannot be laid over each other or there are too few originals.</summary>
    public PermutationTest? Test { get; init; }
    public IReadOnlyList<OrderContrast> Contrasts { get; init; } = [];
    public Power? Power { get; init; }

    /// <summary>Effect that had to be visible for the verdict that orders commute.</summary>
    public double? Margin { get; init; }
    public required OrderVerdict Verdict { get; init; }

    /// <summary>The verdict with its evidence.</summary>
    public required string Sentence { get; init; }
}

/// <summary>Two runs, as their places in <see cref="OrderComparison.Runs"/>.</summary>
public sealed record PairDistance(
    int A,
    int B,
    bool SameOrder,
    bool SameOriginal,
    Distance Distance
);

/// <param name="Sd">Over the pairs.</param>
/// <param name="Low">
/// 95 % interval of the mean (<see cref="Inference.StudentBootstrap"/>), resampling originals: pairs share runs and are
/// not independent. Null for fewer than two originals, or where all resamples agree.
/// </param>
/// <param name="Pairs">That have a distance.</param>
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
/// <param name="SmallestP">The least p that this number of originals and orders can give.</param>
/// <param name="Exact">All relabellings were tried; else so many were drawn.</param>
public sealed record PermutationTest(
    double Statistic,
    double Expected,
    double P,
    double SmallestP,
    bool Exact,
    int Relabellings
)
{
    /// <summary>p to three digits; never zero, which no test can show.</summary>
    public string ShownP => P < 0.0005 ? "< 0.001" : $"{P:0.###}";
}

/// <summary>How far the mean curves of two orders lie apart.</summary>
public sealed record OrderContrast(string A, string B, double Distance);

/// <param name="SmallestEffect">Shift of one order's curve that such studies find; null where no shift is found that often.</param>
/// <param name="Against">Of such studies, the share that finds it.</param>
/// <param name="OriginalsNeeded">To find an effect of the margin; null where no margin is known.</param>
/// <param name="WhyNone">Why an effect of any size would have been missed too often.</param>
public sealed record Power(
    double? SmallestEffect,
    double Against,
    int? OriginalsNeeded,
    string? WhyNone
);

/// <summary>What may be said of orders.</summary>
public enum OrderVerdict
{
    /// <summary>No effect was seen, and one as large as the margin would have been.</summary>
    Commute,
    DoNotCommute,
    CannotTell,
}
