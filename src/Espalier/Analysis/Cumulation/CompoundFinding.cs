namespace Espalier.Analysis.Cumulation;

/// <summary>Which figure of a combination is predicted.</summary>
public enum CombinedFigure
{
    Cost,
    Quality,
}

/// <summary>What may be said of operators that were combined.</summary>
public enum CompoundVerdict
{
    /// <summary>The parts predict the whole within the margin.</summary>
    Cumulative,

    /// <summary>They miss it by more than the margin: measure these operators together.</summary>
    Compound,
    CannotTell,
}

/// <summary>How well the parts of a combination predict it, over all blocks in which both were measured.</summary>
/// <param name="Units">The parts, each a letter or a compound found before: <c>DP</c> and <c>Q</c>.</param>
/// <param name="Blocks">With a residual.</param>
/// <param name="Residual">Mean of ln(measured / predicted); above 0 the combination has more than predicted.</param>
/// <param name="AbsoluteError">Mean of |predicted − measured| / measured.</param>
/// <param name="P">Of a residual beyond the margin; null where the spread is unknown.</param>
public sealed record CompoundFinding(
    CombinedFigure Figure,
    IReadOnlyList<string> Units,
    int Blocks,
    double Residual,
    double AbsoluteError,
    double? P,
    CompoundVerdict Verdict,
    string Sentence
);
