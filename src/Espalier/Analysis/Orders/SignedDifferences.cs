using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>Signed differences of every two orders at equal effort, and what they say region by region, before Holm.</summary>
sealed class SignedDifferences
{
    const double SecondExit = 2; // layers
    const double NormalOf90 = 1.2816;

    readonly Blocks _blocks;
    readonly IReadOnlyList<string> _orders;
    readonly SimultaneousBand _band;
    readonly (int A, int B, int Place)[] _figures;

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
        CoversExamples = _figures.All(f =>
            blocks.VarianceOfExamples(f.A, f.B, f.Place) is not null
        );
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
            CoversExamples
                ? [.. _figures.Select(f => blocks.VarianceOfExamples(f.A, f.B, f.Place)!.Value)]
                : null
        );
    }

    /// <summary>Answers are known, so that intervals hold another draw of the examples too.</summary>
    bool CoversExamples { get; }

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
        return new RegionDraft(
            region,
            [.. own.Select(Difference)],
            [
                _band.Within(options.Margin, own),
                _band.Beyond(options.Margin, own),
                _band.Beyond(0, own),
                _band.Within(options.SecondMargin, own),
                _band.Beyond(options.SecondMargin, own),
            ],
            _band.Bound(own),
            CoversExamples,
            Needed(own.Max(k => _band.Deviations[k]), options.Margin)
        );
    }

    OrderDifference Difference(int k) =>
        new(
            _orders[_figures[k].A],
            _orders[_figures[k].B],
            _blocks.Places[_figures[k].Place].Cost,
            _band.Means[k],
            _band.Low(k),
            _band.High(k),
            _band.Deviations[k]
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

    /// <summary>Two one-sided tests reject in 80 % of studies where both of their 10 % tails stay within the margin.</summary>
    static int? Needed(double deviation, double margin)
    {
        for (int n = 3; n <= 1000; n++)
        {
            double oneSided = Statistics.Student(n - 1, Statistics.Confidence);
            if ((oneSided + NormalOf90) * deviation / Math.Sqrt(n) <= margin)
            {
                return n;
            }
        }

        return null;
    }
}

/// <param name="P">Within the margin, beyond it, beyond 0; within the second margin, beyond it.</param>
sealed record RegionDraft(
    CurveRegion Region,
    IReadOnlyList<OrderDifference> Differences,
    double[] P,
    double Bound,
    bool CoversExamples,
    int? Needed
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
            verdict == OrderVerdict.Undecided ? Needed : null
        );
    }

    static OrderVerdict Of(double within, double beyond, double alpha) =>
        within <= alpha ? OrderVerdict.Equivalent
        : beyond <= alpha ? OrderVerdict.Different
        : OrderVerdict.Undecided;
}
