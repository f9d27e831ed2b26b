using System.Text;
using Espalier.Checkpoints;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>Words of users and files as they may be printed.</summary>
static class Shown
{
    /// <summary>Hidden characters made visible, nothing cut: for sentences that a reader needs to the end.</summary>
    public static string Whole(string text)
    {
        if (Printable.IsPlain(text))
        {
            return text;
        }

        StringBuilder shown = new();
        for (int at = 0; at < text.Length; )
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out _, out int length);
            shown.Append(Printable.Escape(text.Substring(at, length)));
            at += length;
        }

        return shown.ToString();
    }

    /// <summary>The value with its interval, if there is one.</summary>
    public static string Interval(Estimate estimate, string format) =>
        estimate is { Low: { } low, High: { } high }
            ? $"{estimate.Value.ToString(format)} [{low.ToString(format)}, {high.ToString(format)}]"
            : estimate.Value.ToString(format);

    /// <summary>A quality as its metric prints it, without the unit; with its interval, if there is one.</summary>
    public static string Interval(Metric metric, double value, double? low, double? high) =>
        low is { } from && high is { } to
            ? $"{metric.Text(value)} [{metric.Text(from)}, {metric.Text(to)}]"
            : metric.Text(value);

    public static string Interval(Quality quality) =>
        quality.Value is { } value
            ? Interval(quality.Kind, value, quality.Low, quality.High)
            : $"undefined: {quality.WhyUndefined}";

    public static string Interval(Metric metric, Estimate quality) =>
        Interval(metric, quality.Value, quality.Low, quality.High);

    /// <summary>Bytes in the unit that keeps three digits.</summary>
    public static string Bytes(double bytes) =>
        bytes switch
        {
            < 999.5 => $"{bytes:0} B",
            < 999.5e3 => $"{Digits(bytes / 1e3)} kB",
            < 999.5e6 => $"{Digits(bytes / 1e6)} MB",
            < 999.5e9 => $"{Digits(bytes / 1e9)} GB",
            _ => $"{Digits(bytes / 1e12)} TB",
        };

    /// <summary>As one says it: 45 s, 15 min 23 s, 11 h 15 min, 2 d 3 h.</summary>
    public static string Duration(TimeSpan time) =>
        time switch
        {
            { TotalSeconds: < 60 } => $"{Math.Max(0, (int)time.TotalSeconds)} s",
            { TotalHours: < 1 } => $"{time.Minutes} min {time.Seconds} s",
            { TotalDays: < 1 } => $"{time.Hours} h {time.Minutes} min",
            _ => $"{(int)time.TotalDays} d {time.Hours} h",
        };

    /// <summary>Two places behind the point, or as many as the first two digits take.</summary>
    public static string Milliseconds(double value) =>
        value is >= 0.1 or <= 0
            ? $"{value:0.00}"
            : value.ToString($"F{Math.Min(9, 1 - (int)Math.Floor(Math.Log10(value)))}");

    /// <summary>The value with its interval, if there is one, to digits that tell the value.</summary>
    public static string Milliseconds(Estimate estimate) =>
        Interval(
            estimate,
            Milliseconds(estimate.Value).Split('.') is [_, var places]
                ? $"0.{new string('0', places.Length)}"
                : "0"
        );

    static string Digits(double value) => value < 99.95 ? $"{value:0.0}" : $"{value:0}";
}
