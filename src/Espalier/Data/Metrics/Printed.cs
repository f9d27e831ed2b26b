using System.Globalization;

namespace Espalier.Data.Metrics;

/// <summary>Numbers as a reader wants them: digits that mean something, a true minus sign. What a metric's values look like is said here alone.</summary>
public static class Printed
{
    /// <summary>Three significant digits, without an exponent.</summary>
    public static string Short(double value)
    {
        string format = Math.Abs(value) switch
        {
            0 or >= 99.95 => "0",
            >= 9.995 => "0.0",
            >= 0.9995 => "0.00",
            >= 0.09995 => "0.000",
            >= 0.009995 => "0.0000",
            >= 0.0009995 => "0.00000",
            _ => "0.000000",
        };
        return With(format == "0" ? Math.Round(value) : value, format);
    }

    public static string With(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>A value without its unit.</summary>
    public static string Text(this Metric metric, double value) =>
        metric.IsPercent ? With(100 * value, "0.0") : Short(value);

    /// <summary>A value with its unit.</summary>
    public static string Shown(this Metric metric, double value) =>
        metric.Text(value) + metric.Unit();

    public static string Unit(this Metric metric) => metric.IsPercent ? " %" : "";

    /// <summary>In which axes count, and columns under the header.</summary>
    public static double Factor(this Metric metric) => metric.IsPercent ? 100 : 1;

    public static string Header(this Metric metric) => metric.Name + metric.Unit();

    /// <summary>A difference of <see cref="Metric.Worth"/>: points, units, or the percent by which a value is off the other.</summary>
    public static double Points(this Metric metric, double worth) =>
        metric.IsPercent ? 100 * worth
        : !metric.IsLogarithmic ? worth
        : metric.MoreIsBetter ? 100 * (Math.Exp(worth) - 1)
        : 100 * (1 - Math.Exp(-worth));

    /// <param name="format">Of points; units have two places more, and percent no second.</param>
    public static string Gap(this Metric metric, double worth, string format = "0.0#") =>
        With(
            metric.Points(worth),
            metric.IsPercent ? format
                : metric.IsLogarithmic ? format.Replace("0.0#", "0.0", StringComparison.Ordinal)
                : format
                    .Replace("0.", "0.00", StringComparison.Ordinal)
                    .Replace("00#", "##", StringComparison.Ordinal)
        );

    public static string GapUnit(this Metric metric) =>
        metric.IsPercent ? "points"
        : metric.IsLogarithmic ? "%"
        : "units";

    /// <summary>The same in words, alone and with the metric's name.</summary>
    public static string GapIn(this Metric metric, double worth) =>
        $"{metric.Gap(worth)} {(metric.IsPercent && worth == 0.01 ? "point" : metric.GapUnit())}";

    public static string GapsOf(this Metric metric) => $"{metric.GapUnit()} of {metric.Name}";
}
