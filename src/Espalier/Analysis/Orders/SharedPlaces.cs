namespace Espalier.Analysis.Orders;

/// <summary>Where curves are compared.</summary>
/// <param name="Cost">Layers, or time as a share of O's.</param>
public readonly record struct Place(double Cost, PlaceKind Kind);

public enum PlaceKind
{
    /// <summary>Everything leaves at the first exit.</summary>
    FirstExit,

    /// <summary>The same number of layers, or the same time, behind the first exit.</summary>
    Behind,

    /// <summary>Full effort of models that share no cost: pipelines without exits, at times of their own.</summary>
    Full,
}

/// <summary>At which places all curves of a comparison may be read.</summary>
public static class SharedPlaces
{
    // Of a layer. Qualities of neighbouring places are nearly one and cost little in a simultaneous band.
    public const double Step = 0.2;

    // Two hundred layers; a deeper model than any is read there and at its end.
    const int MostPlaces = 1000;

    const int TimePlaces = 12;
    const int TimesTried = 60;

    /// <summary>By layers: the first exit, then every fifth of a layer, and the end.</summary>
    internal static Place[] ByLayers(IReadOnlyList<EffortCurve> curves)
    {
        double deepest = curves.Max(c => c.Points[^1].Cost);
        double[] grid =
        [
            .. Enumerable
                .Range(
                    1,
                    (int)Math.Min(MostPlaces, Math.Ceiling(Math.Max(0, deepest - 1) / Step) + 1)
                )
                .Select(i => Math.Round(1 + i * Step, 9))
                .Append(deepest)
                .Where(c => c <= deepest)
                .Distinct()
                .Order(),
        ];
        bool hasFirst = curves.All(c => c.AtFirstExit is not null);
        Place[] places =
        [
            .. hasFirst ? (Place[])[new Place(1, PlaceKind.FirstExit)] : [],
            .. grid.Where(cost => curves.All(c => c.At(cost) is not null))
                .Select(cost => new Place(cost, PlaceKind.Behind)),
        ];
        return places.Length > 0 ? places
            : curves.All(c => c.AtFull is not null)
                ? [new Place(curves.Average(c => c.Points[^1].Cost), PlaceKind.Full)]
            : [];
    }

    /// <summary>By time: behind the first exit, where all can be read.</summary>
    internal static Place[] ByTime(IReadOnlyList<EffortCurve> curves)
    {
        double low = curves.Max(c => c.Points[0].Cost),
            high = curves.Min(c => c.Points[^1].Cost);
        if (!(low > 0 && high > low))
        {
            return [];
        }

        double[] shared =
        [
            .. Enumerable
                .Range(0, TimesTried + 1)
                .Select(i => low * Math.Pow(high / low, (double)i / TimesTried))
                .Where(cost => curves.All(c => c.At(cost) is not null)),
        ];
        return
        [
            .. shared
                .Where((_, i) => shared.Length <= TimePlaces || IsKept(i, shared.Length))
                .Select(cost => new Place(cost, PlaceKind.Behind)),
        ];
    }

    internal static CurveReading Read(EffortCurve curve, Place place) =>
        place.Kind switch
        {
            PlaceKind.FirstExit => curve.AtFirstExit!.Value,
            PlaceKind.Full => curve.AtFull!.Value,
            _ => curve.At(place.Cost)!.Value,
        };

    static bool IsKept(int i, int all) =>
        i * (TimePlaces - 1) / (all - 1) != (i - 1) * (TimePlaces - 1) / (all - 1) || i == 0;
}
