namespace Espalier.Analysis.Orders;

/// <summary>How orders are compared; stated before anything is measured.</summary>
public sealed record CommutativityOptions
{
    /// <summary>Difference on the scale on which the metric is compared (a point of accuracy, 1 % of perplexity) that is of no consequence.</summary>
    public double Margin
    {
        get;
        init => field = Share(value, "margin");
    } = 0.01;

    /// <summary>A stricter one, told beside it.</summary>
    public double SecondMargin
    {
        get;
        init => field = Share(value, "second margin");
    } = 0.005;

    /// <summary>Chance of a wrong claim about any set of operators of one task.</summary>
    public double Alpha
    {
        get;
        init => field = Share(value, "chance of a false alarm");
    } = 0.05;

    /// <summary>All relabellings are counted up to this number, else <see cref="Drawn"/> are.</summary>
    public int MostCounted { get; init; } = 50_000;

    public int Drawn { get; init; } = 10_000;

    /// <summary>For the reach of simultaneous intervals.</summary>
    public int SimulatedStudies { get; init; } = 4_000;

    /// <summary>Of the bootstrap.</summary>
    public int Resamples { get; init; } = 2_000;

    static double Share(double share, string what) =>
        share is > 0 and <= 1
            ? share
            : throw new ArgumentException(
                $"The {what} is {share}; a share above 0 and up to 1 was expected."
            );
}
