using Espalier.Data.Metrics;
using Espalier.Tensors;

namespace Espalier.Analysis.Orders;

/// <summary>What the orders of one set gave, before it is held against other sets.</summary>
sealed record OrderDraft
{
    public required string Task { get; init; }
    public required string Operators { get; init; }
    public required Metric Metric { get; init; }
    public required IReadOnlyList<string> Orders { get; init; }
    public required IReadOnlyList<ulong> Originals { get; init; }
    public required IReadOnlyList<OrderRun> Runs { get; init; }
    public int? Examples { get; init; }

    /// <summary>Null where the curves share no effort.</summary>
    public required Blocks? Blocks { get; init; }
    public required PairDistances Distances { get; init; }
    public required DistanceSummary Same { get; init; }
    public required DistanceSummary Different { get; init; }
    public required DistanceSummary Paired { get; init; }
    public PermutationTest? Test { get; init; }
    public IReadOnlyList<RegionDraft> Regions { get; init; } = [];
    public RegionDraft? ByTime { get; init; }
    public EquivalentFrom? From { get; init; }
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
        int n = options.Resamples;
        OrderDraft draft = new()
        {
            Task = task,
            Operators = operators,
            Metric = runs.Metric,
            Orders = orders,
            Originals = originals,
            Runs = all,
            Examples = runs.Examples,
            Blocks = blocks,
            Distances = distances,
            Same = distances.Summary(
                p => p is { SameOrder: true, SameOriginal: false },
                n,
                new Draws(rng.Split("same"))
            ),
            Different = distances.Summary(
                p => p is { SameOrder: false, SameOriginal: false },
                n,
                new Draws(rng.Split("different"))
            ),
            Paired = distances.Summary(
                p => p is { SameOrder: false, SameOriginal: true },
                n,
                new Draws(rng.Split("paired"))
            ),
        };
        return blocks is not { Count: > 1 }
            ? draft
            : draft with
            {
                Test = Relabelling.Test(
                    blocks,
                    options.MostCounted,
                    options.Drawn,
                    new Draws(rng.Split("relabelling"))
                ),
                Regions = SignedDifferences.ByLayers(
                    blocks,
                    orders,
                    options,
                    rng.Split("layers"),
                    out EquivalentFrom? from
                ),
                From = from,
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
