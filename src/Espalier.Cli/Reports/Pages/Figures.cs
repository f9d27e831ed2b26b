using System.Globalization;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Numbers as a reader wants them: three digits that mean something, a true minus sign.</summary>
static class Figures
{
    /// <summary>Three significant digits, without an exponent.</summary>
    public static string Short(double value)
    {
        double size = Math.Abs(value);
        string text = (
            size == 0 ? "0"
            : size >= 99.95 ? Math.Round(value).ToString("0", CultureInfo.InvariantCulture)
            : size >= 9.995 ? value.ToString("0.0", CultureInfo.InvariantCulture)
            : size >= 0.9995 ? value.ToString("0.00", CultureInfo.InvariantCulture)
            : size >= 0.09995 ? value.ToString("0.000", CultureInfo.InvariantCulture)
            : size >= 0.009995 ? value.ToString("0.0000", CultureInfo.InvariantCulture)
            : size >= 0.0009995 ? value.ToString("0.00000", CultureInfo.InvariantCulture)
            : value.ToString("0.000000", CultureInfo.InvariantCulture)
        );
        return text.Replace('-', '−');
    }

    public static string Percent(double share) =>
        (100 * share).ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>Labels of an axis: as many digits as the value has.</summary>
    public static string Tick(double value) =>
        Math.Round(value, 6).ToString("0.######", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>All digits, for machines.</summary>
    public static string Exact(double? value) =>
        value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    public static string Counted(int n, string one, string? many = null) =>
        $"{n} {(n == 1 ? one : many ?? one + "s")}";
}
