using System.Globalization;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>How many of something stay: a count (8), or a share of what is there (0.5).</summary>
public readonly record struct Amount(double Value, bool IsShare)
{
    public static Amount Count(int count) => new(count, false);

    public static Amount Share(double share) => new(share, true);

    /// <summary>At least 1, at most all.</summary>
    public int Of(int all) =>
        Math.Clamp(
            IsShare ? (int)Math.Round(Value * all, MidpointRounding.AwayFromZero) : (int)Value,
            1,
            all
        );

    /// <summary>Whole numbers without a point are counts; numbers with a point, up to 1.0, are shares.</summary>
    public static Amount? TryParse(string text)
    {
        if (
            !text.All(c => char.IsAsciiDigit(c) || c == '.')
            || !Numeral.TryReal(text, out double value)
        )
        {
            return null;
        }

        bool share = text.Contains('.', StringComparison.Ordinal);
        return share && value is > 0 and <= 1 || !share && value is >= 1 and <= 1 << 20
            ? new Amount(value, share)
            : null;
    }

    public override string ToString()
    {
        string text = Value.ToString("R", CultureInfo.InvariantCulture);
        return IsShare && !text.Contains('.', StringComparison.Ordinal) ? text + ".0" : text;
    }
}
