namespace Espalier.Analysis.Orders;

/// <summary>How orders are compared.</summary>
public sealed record CommutativityOptions
{
    public Axes Axes { get; init; } = new();
    public GapRule Gaps { get; init; } = GapRule.Default;

    /// <summary>Chance of calling orders different that are not.</summary>
    public double Alpha
    {
        get;
        init => field = Share(value, "chance of a false alarm");
    } = 0.05;

    /// <summary>
    /// Effect of order, in units of the metric, that a study must be able to see before it may say that orders commute;
    /// null: the mean distance of different seeds of the same order.
    /// </summary>
    public double? Margin { get; init; }

    /// <summary>Of studies with an effect of the size in question, the share that would find it.</summary>
    public double AgainstPower
    {
        get;
        init => field = Share(value, "power");
    } = 0.8;

    /// <summary>All relabellings are tried up to this number, else so many drawn ones.</summary>
    public int Relabellings { get; init; } = 10_000;

    /// <summary>Of the bootstrap.</summary>
    public int Resamples { get; init; } = 2_000;

    /// <summary>Studies simulated for each size of effect.</summary>
    public int SimulatedStudies { get; init; } = 200;

    static double Share(double share, string what) =>
        share is > 0 and <= 1
            ? share
            : throw new ArgumentException(
                $"The {what} is {share}; a share above 0 and up to 1 was expected."
            );
}
