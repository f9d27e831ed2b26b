using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>Signed differences of every two orders at equal effort, and what they say region by region, before Holm.</summary>
sealed class SignedDifferences
{
    const double SecondExit = 2; // layers
    readonly Blocks _blocks;
    readonly IReadOnlyList<string> _orders;
    readonly SimultaneousBand _band;
    readonly (int A, int B, int Place)[] _figures;

    // Variance of each mean difference from the examples; null where answers are not known.
    readonly double[]? _sampling;

    SignedDifferences(
        Blocks blocks,
        IReadOnlyList<string> orders,
        Func<Place, bool> isMeant,
        int studies,
        Rng rng
    )
    {
        (_blocks, _orders) = (blocks, orders);
        _figures =
        [
            .. from p in Enumerable.Range(0, blocks.Places.Count)
            where isMeant(blocks.Places[p])
            from pair in blocks.OrderPairs
            select (pair.A, pair.B, p),
        ];
        double?[] sampling =
        [
            .. _figures.Select(f => blocks.VarianceOfExamples(f.A, f.B, f.Place)),
        ];
        _sampling = sampling.Contains(null) ? null : [.. sampling.OfType<double>()];
        _band = new SimultaneousBand(
            [
                .. Enumerable
                    .Range(0, blocks.Count)
                    .Select(o =>
                        _figures.Select(f => blocks.Difference(o, f.A, f.B, f.Place)).ToArray()
                    ),
            ],
            studies,
            rng,
            _sampling
        );
    }

    /// <summary>The first exit by itself, and one band over everything behind it.</summary>
    public static IReadOnlyList<RegionDraft> ByLayers(
        Blocks blocks,
        IReadOnlyList<string> orders,
        CommutativityOptions options,
        Rng rng,
        out EquivalentFrom? from
    )
    {
        List<RegionDraft> found = [];
        from = null;
        if (blocks.Places.Any(p => p.Kind == PlaceKind.FirstExit))
        {
            SignedDifferences first = new(
                blocks,
                orders,
                p => p.Kind == PlaceKind.FirstExit,
                options.SimulatedStudies,
                rng.Split("first exit")
            );
            found.Add(first.Draft(CurveRegion.FirstExit, _ => true, options));
        }

        if (blocks.Places.Any(p => p.Kind != PlaceKind.FirstExit))
        {
            bool hasExits = blocks.Places.Count > 1;
            SignedDifferences behind = new(
                blocks,
                orders,
                p => p.Kind != PlaceKind.FirstExit,
                options.SimulatedStudies,
                rng.Split("behind")
            );
            if (!hasExits)
            {
                found.Add(behind.Draft(CurveRegion.FullEffort, _ => true, options));
                return found;
            }

            from = behind.From(options.Margin);
            foreach (
                var (region, isMeant) in (ReadOnlySpan<(CurveRegion, Func<double, bool>)>)
                    [
                        (CurveRegion.BetweenFirstAndSecond, cost => cost < SecondExit),
                        (CurveRegion.FromSecondExit, cost => cost >= SecondExit),
                    ]
            )
            {
                if (behind._figures.Any(f => isMeant(blocks.Places[f.Place].Cost)))
                {
                    found.Add(behind.Draft(region, isMeant, options));
                }
            }
        }

        return found;
    }

    public static RegionDraft ByTime(
        Blocks blocks,
        IReadOnlyList<string> orders,
        CommutativityOptions options,
        Rng rng
    ) =>
        new SignedDifferences(blocks, orders, _ => true, options.SimulatedStudies, rng).Draft(
            CurveRegion.EqualTime,
            _ => true,
            options
        );

    RegionDraft Draft(CurveRegion region, Func<double, bool> isMeant, CommutativityOptions options)
    {
        int[] own =
        [
            .. Enumerable
                .Range(0, _figures.Length)
                .Where(k => isMeant(_blocks.Places[_figures[k].Place].Cost)),
        ];
        double deviation = own.Max(k => _band.Deviations[k]);
        SimultaneousBand here = _sampling is null ? _band : _band.OnTheseExamples;
        return new RegionDraft(
            region,
            [.. own.Select(Difference)],
            [
                _band.Within(options.Margin, own),
                _band.Beyond(options.Margin, own),
                _band.Beyond(0, own),
                _band.Within(options.SecondMargin, own),
                _band.Beyond(options.SecondMargin, own),
                here.Within(options.Margin, own),
                here.Beyond(options.Margin, own),
            ],
            _band.Bound(own),
            _blocks.Examples,
            _sampling is not null,
            here.Bound(own),
            Needed.Of(deviation, 0, 0, options.Margin),
            _sampling is null
                ? null
                : Needed.Of(deviation, own.Max(k => _sampling[k]), _blocks.Examples, options.Margin)
        );
    }

    OrderDifference Difference(int k) =>
        new(
            _orders[_figures[k].A],
            _orders[_figures[k].B],
            _blocks.Places[_figures[k].Place].Cost,
            _band.Means[k],
            _band.Low(k),
            _band.High(k)
        );

    /// <summary>
    /// Tested from full effort towards the first exit until one fails: of tests in an order that was fixed before, each
    /// may have the whole level.
    /// </summary>
    EquivalentFrom? From(double margin)
    {
        EquivalentFrom? from = null;
        foreach (
            IGrouping<int, int> place in Enumerable
                .Range(0, _figures.Length)
                .GroupBy(k => _figures[k].Place)
                .OrderByDescending(g => _blocks.Places[g.Key].Cost)
        )
        {
            double bound = _band.Bound(place);
            if (bound > margin)
            {
                break;
            }

            from = new EquivalentFrom(
                _blocks.Places[place.Key].Cost,
                Math.Max(bound, from?.Bound ?? 0)
            );
        }

        return from;
    }
}

/// <summary>What would show equivalence in 80 % of studies if there were no difference.</summary>
public sealed record Needed(int Originals, int Examples)
{
    const double NormalOf90 = 1.2816;
    const int MostOriginals = 1000;

    /// <summary>
    /// Two one-sided tests reject so often where both of their 10 % tails stay within the margin. Originals do nothing
    /// about the choice of the examples: where that alone is too much for the margin, half of what the margin allows is
    /// left to each, and as many more examples are asked for as that takes. Null where no number would do.
    /// </summary>
    /// <param name="sampling">Variance of a mean difference from these examples.</param>
    public static Needed? Of(double deviation, double sampling, int examples, double margin) =>
        Least(n => Allowed(n, margin) - deviation * deviation / n >= sampling) is { } enough
            ? new Needed(enough, examples)
        : Least(n => deviation * deviation / n <= Allowed(n, margin) / 2) is { } half
            ? new Needed(
                half,
                (int)
                    Math.Ceiling(
                        examples * sampling / (Allowed(half, margin) - deviation * deviation / half)
                    )
            )
        : null;

    /// <summary>Of the variance of a mean difference over n originals.</summary>
    static double Allowed(int n, double margin) =>
        Math.Pow(margin / (Statistics.Student(n - 1, Statistics.Confidence) + NormalOf90), 2);

    static int? Least(Func<int, bool> isEnough)
    {
        for (int n = 3; n <= MostOriginals; n++)
        {
            if (isEnough(n))
            {
                return n;
            }
        }

        return null;
    }
}

/// <param name="P">
/// Within the margin, beyond it, beyond 0; within the second margin, beyond it; within the margin and beyond it on these examples.
/// </param>
sealed record RegionDraft(
    CurveRegion Region,
    IReadOnlyList<OrderDifference> Differences,
    double[] P,
    double Bound,
    int Examples,
    bool CoversExamples,
    double BoundHere,
    Needed? NeededHere,
    Needed? NeededInAll
)
{
    public RegionFinding Judged(double[] adjusted, double alpha)
    {
        OrderVerdict verdict = Of(adjusted[0], adjusted[1], alpha);
        return new RegionFinding(
            Region,
            Differences,
            adjusted[0],
            adjusted[1],
            adjusted[2],
            Bound,
            verdict,
            Of(adjusted[3], adjusted[4], alpha),
            CoversExamples,
            new OnTheseExamples(
                Examples,
                Of(adjusted[5], adjusted[6], alpha),
                adjusted[5],
                adjusted[6],
                BoundHere,
                NeededHere?.Originals
            ),
            NeededInAll
        );
    }

    static OrderVerdict Of(double within, double beyond, double alpha) =>
        within <= alpha ? OrderVerdict.Equivalent
        : beyond <= alpha ? OrderVerdict.Different
        : OrderVerdict.Undecided;
}
