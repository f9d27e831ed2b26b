using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Orders;

/// <summary>A made-up study of orders with exits: what is true is known.</summary>
/// <param name="Spread">Of the originals: their luck, which all orders share.</param>
/// <param name="Noise">Of each run.</param>
/// <param name="AtFirstExit">Added to the first order where all leave at the first exit.</param>
/// <param name="Behind">Added to the first order at every other effort.</param>
/// <param name="Shared">Share of the noise's variance that orders which begin alike have in common.</param>
sealed record OrderStudy(
    string[] Orders,
    int Originals,
    double Spread = 0.03,
    double Noise = 0.004,
    double AtFirstExit = 0,
    double Behind = 0,
    double Shared = 0
)
{
    static readonly (string Effort, double Layers)[] Efforts =
    [
        ("confidence:0.5", 1),
        ("confidence:0.6", 1.3),
        ("confidence:0.7", 1.6),
        ("confidence:0.8", 1.9),
        ("confidence:0.9", 2.3),
        ("confidence:0.95", 2.6),
        ("full", 3),
    ];

    public Measurement[] Measured(Rng rng) =>
        [
            .. from o in Enumerable.Range(0, Originals)
            let luck = Spread * rng.Split("original").Normal((ulong)o)
            from order in Orders
            let prefix = Noise
                * Math.Sqrt(Shared)
                * rng.Split($"prefix {order[0]}").Normal((ulong)o)
            let own = Noise * Math.Sqrt(1 - Shared) * rng.Split($"run {order}").Normal((ulong)o)
            from e in Enumerable.Range(0, Efforts.Length)
            let point = 0.3 * Noise * rng.Split($"point {order} {e}").Normal((ulong)o)
            let effect = order == Orders[0]
                ? e == 0
                    ? AtFirstExit
                    : Behind
                : 0
            let layers = Efforts[e].Layers
            select Records.Of(
                order,
                0.7 + 0.02 * e + luck + prefix + own + point + effect,
                2 * layers,
                (ulong)o + 1,
                Efforts[e].Effort
            ) with
            {
                AverageLayers = layers,
            },
        ];
}
