using System.Text;
using Espalier.Checkpoints;
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

    /// <summary>Bytes in the unit that keeps three digits.</summary>
    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 10_000 => $"{bytes} B",
            < 10_000_000 => $"{bytes / 1e3:0.0} kB",
            < 10_000_000_000 => $"{bytes / 1e6:0.0} MB",
            _ => $"{bytes / 1e9:0.0} GB",
        };
}
