using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>A figure over seeds as the analysis gave it, in the unit of the page.</summary>
sealed record Spread(double Mean, double? Low, double? High, int N)
{
    public static Spread? Of(Estimate? estimate, double unit = 1) =>
        estimate is null
            ? null
            : new Spread(
                estimate.Value * unit,
                estimate.Low * unit,
                estimate.High * unit,
                estimate.N
            );
}
