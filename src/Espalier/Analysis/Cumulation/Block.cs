using Espalier.Operators;

namespace Espalier.Analysis.Cumulation;

/// <summary>All combinations on one original, and what the product rule makes of the smaller ones.</summary>
sealed class Block
{
    readonly IReadOnlyList<CombinationRun> _runs;

    public Block(string name, IReadOnlyList<CombinationRun> runs)
    {
        (Name, _runs) = (name, runs);
        Original = runs.FirstOrDefault(r => r.Operators.Count == 0);
    }

    public string Name { get; }

    public IReadOnlyList<CombinationRun> Runs => _runs;

    public CombinationRun? Original { get; }

    public static IReadOnlyList<Block> Of(IReadOnlyList<CombinationRun> runs) =>
        [.. runs.GroupBy(r => r.Block).Select(g => new Block(g.Key, [.. g]))];

    /// <summary>
    /// What the rule says of a combination, from the runs of its units; null where one of them was not measured. Efforts
    /// are those of the unit that has exits.
    /// </summary>
    /// <param name="units">Which letters are taken together; each operator in one of them.</param>
    /// <param name="asPrinted">Equation 4 as the paper has it, not the one that agrees with its own limits.</param>
    public IReadOnlyList<EffortPoint>? Predict(
        IReadOnlyList<string> operators,
        IReadOnlyList<string> units,
        bool asPrinted = false
    )
    {
        CombinationRun?[] parts =
        [
            .. units.Select(unit => Find([.. operators.Where(o => unit.Contains(o[0]))])),
        ];
        if (Original?.Points is not [var o, ..] || parts.Contains(null))
        {
            return null;
        }

        int exits = Array.FindIndex(units.ToArray(), u => Has(u, Effects.Exits));
        CombinationRun known = parts[Math.Max(exits, 0)]!;
        double? first = FirstExit(known)?.Cost;
        CombinationRun[] others = [.. parts.Where(p => p != known)!];
        return
        [
            .. known.Points.Select(p =>
            {
                double? cost = p.Cost,
                    quality = p.Quality;
                // A student has the same first exit; what makes everything cheaper makes it cheaper too.
                foreach (CombinationRun other in others.OrderBy(r => IsStudent(r) ? 0 : 1))
                {
                    EffortPoint x = Full(other);
                    quality =
                        quality is { } q && x.Quality is { } own && o.Quality is { } original
                            ? known.Metric.Combined(q, own, original)
                            : null;
                    cost =
                        exits >= 0 && other.Operators.FirstOrDefault(Distils) is { } student
                            ? WithStudent(cost, first, x.Cost, student, o.Cost, asPrinted)
                            : cost * x.Cost / o.Cost;
                }

                return new EffortPoint(
                    p.Effort,
                    cost,
                    quality,
                    Joined(p.CostError, o.CostError, others, q => q.CostError),
                    Joined(p.QualityError, o.QualityError, others, q => q.QualityError),
                    p.Layers
                );
            }),
        ];
    }

    /// <summary>
    /// Where the unit with exits leaves at the first of them, for t_E: measured where every example does, else the
    /// cheapest effort that was. Null where no cost is known.
    /// </summary>
    public static EffortPoint? FirstExit(CombinationRun exits)
    {
        EffortPoint[] timed = [.. exits.Points.Where(p => p.Cost is not null)];
        return timed.Where(p => p.IsFirstExit).MinBy(p => p.Cost) ?? timed.MinBy(p => p.Cost);
    }

    /// <summary>Where the combination has both exits and a student, so that equation 4 has a part in it: t_E's effort.</summary>
    public EffortPoint? FirstExitOf(IReadOnlyList<string> operators, IReadOnlyList<string> units) =>
        units.FirstOrDefault(u => Has(u, Effects.Exits)) is { } unit
        && !Has(unit, Effects.FewerLayers)
        && operators.Any(Distils)
        && Find([.. operators.Where(o => unit.Contains(o[0]))]) is { } exits
            ? FirstExit(exits)
            : null;

    static bool IsStudent(CombinationRun run) => run.Operators.Any(Distils);

    /// <summary>At full effort, the last one of every grid.</summary>
    public static EffortPoint Full(CombinationRun run) =>
        run.Points.FirstOrDefault(p => p.Effort == Models.Effort.Full) ?? run.Points[^1];

    /// <summary>The run of these operators, in this order if it was measured, else in the first other.</summary>
    CombinationRun? Find(string[] operators) =>
        _runs.FirstOrDefault(r => r.Operators.SequenceEqual(operators))
        ?? _runs
            .Where(r => r.Operators.Order().SequenceEqual(operators.Order()))
            .MinBy(r => r.Pipeline, StringComparer.Ordinal);

    /// <summary>
    /// Of a unit with a student, the student's share works behind the first exit and the rest on all: equation 5. Where the
    /// student alone was not measured, all of the unit is taken for the student's.
    /// </summary>
    double? WithStudent(
        double? cost,
        double? first,
        double? unit,
        string student,
        double? original,
        bool asPrinted
    )
    {
        double? alone = Find([student]) is { } run ? Full(run).Cost : unit;
        if (cost is not { } t || first is not { } e || alone is not { } d || original is not { } o)
        {
            return null;
        }

        double? shallower = asPrinted
            ? ProductRule.Shallower(t, e, d / o)
            : ProductRule.Shallower(t, e, d, o);
        return shallower * unit / d;
    }

    static bool Distils(string name) => Operator.Of(name).Has(Effects.FewerLayers);

    /// <summary>Whether some method of a letter of the unit does so.</summary>
    static bool Has(string unit, Effects effect) =>
        Operator.All.Any(o => unit.Contains(o.Letter) && o.Has(effect));

    /// <summary>Relative errors of independent factors; that of the original enters once for each other unit.</summary>
    static double? Joined(
        double? known,
        double? original,
        CombinationRun[] others,
        Func<EffortPoint, double?> error
    )
    {
        double? squares = known * known + Math.Pow(others.Length, 2) * original * original;
        foreach (CombinationRun other in others)
        {
            double? e = error(Full(other));
            squares += e * e;
        }

        return squares is { } sum ? Math.Sqrt(sum) : null;
    }
}
