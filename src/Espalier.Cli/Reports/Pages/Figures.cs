using System.Globalization;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Numbers on a page; those of a metric are printed by it.</summary>
static class Figures
{
    /// <summary>Labels of an axis: as many digits as the value has.</summary>
    public static string Tick(double value) =>
        Math.Round(value, 6).ToString("0.######", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>All digits, for machines.</summary>
    public static string Exact(double? value) =>
        value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    /// <summary>How many seeds, and of what of the split quality is; tables of others may not say that.</summary>
    public static string Sample(int seeds, int examples, Metric metric) =>
        Counted(seeds, "seed") + (examples > 0 ? $" × {examples} {metric.Over}" : "");

    public static string Counted(int n, string one, string? many = null) =>
        $"{n} {(n == 1 ? one : many ?? one + "s")}";
}
