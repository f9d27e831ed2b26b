using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>What the orders of one set gave, before it is held against other sets.</summary>
sealed record OrderDraft
{
    /// <summary>What is known without the others: no region, no verdict.</summary>
    public required OrderComparison Found { get; init; }

    /// <summary>Null where the curves share no effort.</summary>
    public required Blocks? Blocks { get; init; }
    public IReadOnlyList<RegionDraft> Regions { get; init; } = [];
    public RegionDraft? ByTime { get; init; }
    public OrderDraft? SameAs { get; init; }

    public static OrderDraft Of(
        string task,
        string operators,
        IReadOnlyList<string> orders,
        OrderRuns runs,
        CommutativityOptions options,
        Rng rng
    )
    {
        ulong[] originals = runs.Originals(orders);
        EffortCurve[][] curves =
        [
            .. originals.Select(o => orders.Select(p => runs.ByLayers(p, o)).ToArray()),
        ];
        Blocks? blocks = originals.Length == 0 ? null : InBlocks(curves, SharedPlaces.ByLayers);
        OrderRun[] all =
        [
            .. originals.SelectMany(
                (o, i) => orders.Select((p, j) => new OrderRun(p, o, curves[i][j]))
            ),
        ];
        PairDistances distances = new(all, blocks);
        DistanceSummary Of(string name, bool sameOrder, bool sameOriginal) =>
            distances.Summary(
                p => p.SameOrder == sameOrder && p.SameOriginal == sameOriginal,
                options.Resamples,
                new Draws(rng.Split(name))
            );
        OrderComparison found = new()
        {
            Task = task,
            Operators = operators,
            Metric = runs.Metric,
            Orders = orders,
            Originals = originals,
            Runs = all,
            Examples = runs.Examples,
            Pairs = distances.All,
            Same = Of("same", sameOrder: true, sameOriginal: false),
            Different = Of("different", sameOrder: false, sameOriginal: false),
            Paired = Of("paired", sameOrder: false, sameOriginal: true),
            PairedByNoise = blocks?.LargestByNoise(),
            WidestStep = all.Select(r => r.Curve.WidestStep).DefaultIfEmpty().Max(),
            Margin = options.Margin,
            SecondMargin = options.SecondMargin,
        };
        if (blocks is not { Count: > 1 })
        {
            return new() { Found = found, Blocks = blocks };
        }

        PermutationTest test = Relabelling.Test(
            blocks,
            options.MostCounted,
            options.Drawn,
            new Draws(rng.Split("relabelling"))
        );
        IReadOnlyList<RegionDraft> regions = SignedDifferences.ByLayers(
            blocks,
            orders,
            options,
            rng.Split("layers"),
            out EquivalentFrom? from
        );
        return new()
        {
            Found = found with { Test = test, From = from },
            Blocks = blocks,
            Regions = regions,
            ByTime = Timed(originals, orders, runs, options, rng.Split("time")),
        };
    }

    /// <summary>The same qualities at the same places.</summary>
    public bool IsSameAs(OrderDraft other) =>
        Blocks is { } own && other.Blocks is { } blocks && own.IsSameAs(blocks);

    static RegionDraft? Timed(
        ulong[] originals,
        IReadOnlyList<string> orders,
        OrderRuns runs,
        CommutativityOptions options,
        Rng rng
    )
    {
        EffortCurve?[][] curves =
        [
            .. originals.Select(o => orders.Select(p => runs.ByTime(p, o)).ToArray()),
        ];
        return
            curves.All(c => c.All(curve => curve is not null))
            && InBlocks(
                [.. curves.Select(c => c.OfType<EffortCurve>().ToArray())],
                SharedPlaces.ByTime
            )
                is { } blocks
            ? SignedDifferences.ByTime(blocks, orders, options, rng)
            : null;
    }

    static Blocks? InBlocks(
        EffortCurve[][] curves,
        Func<IReadOnlyList<EffortCurve>, Place[]> places
    )
    {
        Place[] shared = places([.. curves.SelectMany(c => c)]);
        return shared.Length > 0 ? new Blocks(curves, shared) : null;
    }
}
