using Espalier.Measuring;

namespace Espalier.Analysis.Cumulation;

/// <summary>
/// Finds which operators must be measured together: those whose combination misses the product rule by more than a
/// margin and by more than its uncertainty. Pairs first; a larger combination is then predicted with the compounds found
/// so far as units, so that a triple is called compound only for what its pairs do not explain.
/// </summary>
public static class Compounds
{
    // Relative errors of a prediction that do no harm, stated before anything was measured.
    const double CostMargin = 0.05;
    const double QualityMargin = 0.01;

    /// <summary>Chance of calling any combination compound that is not.</summary>
    const double Alpha = 0.05;

    public static IReadOnlyList<CompoundFinding> Find(IReadOnlyList<Measurement> measurements) =>
        Find(CombinationRun.Of(measurements));

    public static IReadOnlyList<CompoundFinding> Find(IReadOnlyList<CombinationRun> runs)
    {
        IReadOnlyList<Block> blocks = Block.Of(runs);
        List<CompoundFinding> findings = [];
        int most = runs.Count == 0 ? 0 : runs.Max(r => r.Operators.Count);
        for (int size = 2; size <= most; size++)
        {
            foreach (CombinedFigure figure in Enum.GetValues<CombinedFigure>())
            {
                findings.AddRange(Level(blocks, size, figure, findings));
            }
        }

        return findings;
    }

    static double Margin(CombinedFigure figure) =>
        figure == CombinedFigure.Cost ? CostMargin : QualityMargin;

    /// <summary>Combinations of one size and one figure are one family of tests (Holm).</summary>
    static CompoundFinding[] Level(
        IReadOnlyList<Block> blocks,
        int size,
        CombinedFigure figure,
        List<CompoundFinding> before
    )
    {
        Evidence[] level = [.. Evidence.Of(blocks, size, figure, [.. Letters(before, figure)])];
        double?[] p = [.. level.Select(e => e.Beyond(Margin(figure)))];
        int[] tested = [.. Enumerable.Range(0, p.Length).Where(i => p[i] is not null)];
        double[] adjusted = Inference.Holm([.. tested.Select(i => p[i]!.Value)]);
        return
        [
            .. level.Select(
                (e, i) => Judged(e, p[i], p[i] is null ? null : adjusted[Array.IndexOf(tested, i)])
            ),
        ];
    }

    /// <summary>The compounds among findings, as prediction takes them: for one figure.</summary>
    public static IEnumerable<string> Letters(
        IReadOnlyList<CompoundFinding> findings,
        CombinedFigure figure
    ) =>
        findings
            .Where(f => f.Figure == figure && f.Verdict == CompoundVerdict.Compound)
            .Select(f => string.Concat(f.Units));

    static CompoundFinding Judged(Evidence e, double? p, double? adjusted)
    {
        double margin = Margin(e.Figure);
        (double? low, double? high) = e.Interval();
        CompoundVerdict verdict =
            adjusted <= Alpha ? CompoundVerdict.Compound
            : low > -margin && high < margin ? CompoundVerdict.Cumulative
            : CompoundVerdict.CannotTell;
        string who = string.Join(" and ", e.Units),
            // Of a metric that less is better of, more quality than predicted would be the worse.
            what = e.Figure == CombinedFigure.Cost ? "cost"
            : e.Metric.MoreIsBetter ? "quality"
            : e.Metric.Name,
            size = Shown(e, e.Mean),
            interval = low is null
                ? "of unknown error"
                : $"95 % interval {Signed(e, low.Value)} to {Shown(e, high!.Value)}",
            evidence = $"{size} against the product rule over {e.Count} blocks, {interval}";
        string sentence = verdict switch
        {
            CompoundVerdict.Compound =>
                $"{who} are compound in {what}: {evidence} (adjusted p = {adjusted:0.####}); measure them together.",
            CompoundVerdict.Cumulative => $"{who} are cumulative in {what}: {evidence}.",
            _ when low > margin || high < -margin =>
                $"{who} in {what}: cannot tell; {evidence}, beyond the margin of {Allowed()} by itself, and not among so many tests (adjusted p = {adjusted:0.####}).",
            _ => $"{who} in {what}: cannot tell; {evidence}, and the margin is {Allowed()}.",
        };
        return new CompoundFinding(
            e.Figure,
            e.Units,
            e.Count,
            e.Mean,
            e.AbsoluteError,
            p,
            verdict,
            sentence
        );

        string Allowed() => Adds(e) ? $"{margin}" : $"{100 * margin:0.#} %";
    }

    /// <summary>A metric without ratios is off by a difference and not by a share.</summary>
    static bool Adds(Evidence e) => e.Figure == CombinedFigure.Quality && !e.Metric.HasRatios;

    static string Signed(Evidence e, double residual) =>
        Adds(e)
            ? $"{residual:+0.000;-0.000;0.000}"
            : $"{100 * (Math.Exp(residual) - 1):+0.0;-0.0;0.0}";

    static string Shown(Evidence e, double residual) => Signed(e, residual) + (Adds(e) ? "" : " %");
}
