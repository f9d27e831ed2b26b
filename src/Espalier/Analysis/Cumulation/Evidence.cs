using Espalier.Data.Metrics;
using MathNet.Numerics.Distributions;

namespace Espalier.Analysis.Cumulation;

/// <summary>Residuals of one combination: a mean for each block, since what shares an original is no repetition.</summary>
sealed class Evidence
{
    readonly double[] _residuals;
    readonly double? _ownVariance;

    Evidence(
        Metric metric,
        CombinedFigure figure,
        IReadOnlyList<string> units,
        (double Log, double? Variance)[] blocks,
        double error
    )
    {
        (Metric, Figure, Units, AbsoluteError) = (metric, figure, units, error);
        _residuals = [.. blocks.Select(b => b.Log)];
        double?[] known = [.. blocks.Select(b => b.Variance)];
        _ownVariance = known.Contains(null) ? null : known.Average();
    }

    public Metric Metric { get; }

    public CombinedFigure Figure { get; }

    public IReadOnlyList<string> Units { get; }

    public int Count => _residuals.Length;

    public double Mean => _residuals.Average();

    /// <summary>Mean over all combinations of all blocks of |predicted − measured| / measured.</summary>
    public double AbsoluteError { get; }

    /// <summary>For each set of letters of that size, whatever their order and options.</summary>
    public static IEnumerable<Evidence> Of(
        IReadOnlyList<Block> blocks,
        int size,
        CombinedFigure figure,
        string[] compounds
    )
    {
        var all =
            from block in blocks
            from run in block.Runs
            where run.Operators.Count == size
            let units = Cumulation.Units.Of(run.Operators, compounds)
            where units.Count > 1
            let residual = Residual(block, run, units, figure)
            where residual is not null
            let sorted = (string[])[.. units.Select(Sorted).Order(StringComparer.Ordinal)]
            select (Key: string.Join("+", sorted), sorted, block.Name, residual.Value);
        return all.GroupBy(r => r.Key)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Evidence(
                blocks[0].Runs[0].Metric,
                figure,
                g.First().sorted,
                [
                    .. g.GroupBy(r => r.Name)
                        .Select(b =>
                            (
                                b.Average(r => r.Value.Log),
                                b.Any(r => r.Value.Variance is null)
                                    ? (double?)null
                                    : b.Average(r => r.Value.Variance!.Value)
                            )
                        ),
                ],
                g.Average(r => r.Value.Error)
            ));
    }

    /// <summary>
    /// Of the mean, from the blocks' spread, which holds the measurements' own errors already. Of one block from those
    /// errors alone; null where they are unknown.
    /// </summary>
    double? StandardError() =>
        Count > 1 ? Math.Sqrt(Inference.Variance(_residuals) / Count)
        : _ownVariance is { } own ? Math.Sqrt(own)
        : null;

    /// <summary>95 %, Student's; for one block from its measurements' errors alone.</summary>
    public (double? Low, double? High) Interval() =>
        StandardError() is { } error ? (Mean - Reach * error, Mean + Reach * error) : (null, null);

    double Reach => Count > 1 ? Inference.StudentReach(Count) : 1.96;

    /// <summary>
    /// P of a mean at least so far from 0 if the true one lies at the margin: both tails, so that margin 0 gives the
    /// usual t test.
    /// </summary>
    public double? Beyond(double margin)
    {
        if (StandardError() is not { } error)
        {
            return null;
        }

        double far = Math.Abs(Mean);
        return error == 0
            ? far > margin
                ? 0
                : 1
            : Math.Min(1, Tail((far - margin) / error) + Tail((far + margin) / error));
    }

    double Tail(double t) =>
        Count > 1 ? 1 - StudentT.CDF(0, 1, Count - 1, t) : 1 - Normal.CDF(0, 1, t);

    /// <summary>Mean over common efforts of ln(measured / predicted), or of their difference where a metric has no ratios.</summary>
    static (double Log, double? Variance, double Error)? Residual(
        Block block,
        CombinationRun run,
        IReadOnlyList<string> units,
        CombinedFigure figure
    )
    {
        if (block.Predict(run.Operators, units) is not { } predicted)
        {
            return null;
        }

        (double Log, double? Variance, double Error)[] residuals =
        [
            .. from p in predicted
            let m = run.Points.FirstOrDefault(m => m.Effort == p.Effort)
            where m is not null
            let effect = Effect(run.Metric, Value(m, figure), Value(p, figure), figure)
            where effect is not null
            let errors = (Error(p, figure), Error(m, figure))
            select (
                effect.Value,
                errors.Item1 * errors.Item1 + errors.Item2 * errors.Item2,
                figure == CombinedFigure.Quality && !run.Metric.HasRatios
                    ? Math.Abs(effect.Value)
                    : Math.Abs(Value(p, figure)!.Value / Value(m, figure)!.Value - 1)
            ),
        ];
        return residuals.Length == 0
            ? null
            : (
                residuals.Average(r => r.Log),
                // Efforts of one run share its noise, so averaging over them gains nothing that could be counted on.
                residuals.Any(r => r.Variance is null)
                    ? null
                    : residuals.Average(r => r.Variance!.Value),
                residuals.Average(r => r.Error)
            );
    }

    /// <summary>Of what was measured against what was expected; null where either is unknown, or a ratio of them means nothing.</summary>
    static double? Effect(
        Metric metric,
        double? measured,
        double? expected,
        CombinedFigure figure
    ) =>
        measured is not { } m || expected is not { } e ? null
        : figure == CombinedFigure.Quality && !metric.HasRatios ? m - e
        : m > 0 && e > 0 ? Math.Log(m / e)
        : null;

    static double? Value(EffortPoint p, CombinedFigure figure) =>
        figure == CombinedFigure.Cost ? p.Cost : p.Quality;

    static double? Error(EffortPoint p, CombinedFigure figure) =>
        figure == CombinedFigure.Cost ? p.CostError : p.QualityError;

    static string Sorted(string unit) => string.Concat(unit.Order());
}
