using MathNet.Numerics.Distributions;

namespace Espalier.Analysis.Orders;

/// <summary>
/// Where differences of quality come from: original + order + training, crossed, one run of each, at one place of the
/// curve. Standard deviations in units of the metric, by the method of moments (expected mean squares).
/// </summary>
/// <param name="Place">Where on the curve.</param>
/// <param name="Original">0 where the estimate of its variance is below 0; likewise the others.</param>
/// <param name="Training">Chance of training, and what an order does on one original alone.</param>
/// <param name="Examples">Another draw of the split's examples, for one run, by the binomial; null where quality is no share of right answers.</param>
/// <param name="OrderByTask">What the order does on one task alone; null for a single task.</param>
public sealed record VarianceComponents(
    string Operators,
    string Place,
    double Original,
    double Order,
    double Training,
    double TrainingLow,
    double TrainingHigh,
    double? Examples,
    double? OrderByTask
)
{
    /// <summary>At the first exit and at full effort, of each set that was run on two originals or more.</summary>
    public static IReadOnlyList<VarianceComponents> Of(
        IReadOnlyList<OrderComparison> orders,
        IReadOnlyList<OrderComparison> all
    ) =>
        [
            .. from o in orders
            where o.SameAs is null && o.Originals.Count > 1
            from place in Read
            let rows = Rows(o, place.Of)
            where rows is not null
            let others = all.Where(c => c.Operators == o.Operators)
                .Select(c => Rows(c, place.Of))
                .OfType<double[][]>()
                .ToArray()
            select Of(o, place.Name, rows, others),
        ];

    static readonly (string Name, Func<EffortCurve, double?> Of)[] Read =
    [
        ("first exit", c => c.AtFirstExit?.Worth),
        ("full effort", c => c.AtFull?.Worth),
    ];

    /// <summary>[original][order]; null where a run cannot be read there.</summary>
    static double[][]? Rows(OrderComparison o, Func<EffortCurve, double?> of)
    {
        double?[][] rows =
        [
            .. o.Originals.Select(original =>
                o.Orders.Select(order =>
                        of(o.Runs.First(r => (r.Original, r.Pipeline) == (original, order)).Curve)
                    )
                    .ToArray()
            ),
        ];
        return rows.Any(r => r.Contains(null))
            ? null
            : [.. rows.Select(r => r.OfType<double>().ToArray())];
    }

    static VarianceComponents Of(
        OrderComparison o,
        string place,
        double[][] rows,
        double[][][] tasks
    )
    {
        int n = rows.Length,
            k = rows[0].Length,
            freedom = (n - 1) * (k - 1);
        double grand = rows.Average(r => r.Average());
        double[] order = Effects(rows);
        double originals = k * rows.Sum(r => Math.Pow(r.Average() - grand, 2)) / (n - 1),
            orders = n * order.Sum(e => e * e) / (k - 1),
            left =
                rows.Sum(r => r.Select((v, j) => Math.Pow(v - r.Average() - order[j], 2)).Sum())
                / freedom;
        return new VarianceComponents(
            o.Operators,
            place,
            Root((originals - left) / k),
            Root((orders - left) / n),
            Root(left),
            Root(freedom * left / ChiSquared.InvCDF(freedom, 0.975)),
            Root(freedom * left / ChiSquared.InvCDF(freedom, 0.025)),
            o.Examples is { } examples ? Root(grand * (1 - grand) / examples) : null,
            tasks.Length > 1 ? OfTasks(tasks) : null
        );
    }

    /// <summary>Mean of each order less the mean of all.</summary>
    static double[] Effects(double[][] rows)
    {
        double grand = rows.Average(r => r.Average());
        return
        [
            .. Enumerable.Range(0, rows[0].Length).Select(j => rows.Average(r => r[j]) - grand),
        ];
    }

    /// <summary>Spread of an order's effect over tasks, less what training makes of a mean over each task's originals.</summary>
    static double OfTasks(double[][][] tasks)
    {
        int k = tasks[0][0].Length;
        double[][] effects = [.. tasks.Select(Effects)];
        double spread =
                Enumerable.Range(0, k).Sum(j => Inference.Variance([.. effects.Select(e => e[j])]))
                / (k - 1),
            chance = tasks.Average(rows =>
            {
                double[] own = Effects(rows);
                return rows.Sum(r =>
                        r.Select((v, j) => Math.Pow(v - r.Average() - own[j], 2)).Sum()
                    )
                    / ((rows.Length - 1) * (k - 1))
                    / rows.Length;
            });
        return Root(spread - chance);
    }

    static double Root(double variance) => Math.Sqrt(Math.Max(0, variance));
}
