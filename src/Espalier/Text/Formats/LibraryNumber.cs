using System.Globalization;
using Espalier.Tensors;

namespace Espalier.Text.Formats;

/// <summary>
/// Numbers as Hugging Face's library reads them from JSON: the digits as one whole number, rounded, then multiplied with or divided by a
/// power of ten, rounded again (serde_json without its option float_roundtrip). That may be the neighbour of the nearest double,
/// and where two ways to cut a word are equally good, such as "." + ".." and ".." + ".", the last bit decides.
/// </summary>
static class LibraryNumber
{
    const int LargestPower = 308;

    /// <param name="json">A number of JSON.</param>
    /// <returns>Infinite where it is too large.</returns>
    public static double Read(ReadOnlySpan<char> json)
    {
        bool negative = json[0] == '-';
        ulong digits = 0;
        long exponent = 0;
        bool full = false,
            behindPoint = false;
        int at = negative ? 1 : 0;
        for (; at < json.Length && json[at] is not ('e' or 'E'); at++)
        {
            if (json[at] == '.')
            {
                behindPoint = true;
                continue;
            }

            uint digit = (uint)(json[at] - '0');
            full |= digits > (ulong.MaxValue - digit) / 10;
            digits = full ? digits : digits * 10 + digit;
            exponent += (behindPoint ? -1 : 0) + (full ? 1 : 0);
        }

        if (at < json.Length)
        {
            // One that has more digits than a long is beyond every double.
            bool isNegative = json[at + 1] == '-';
            exponent +=
                Numeral.TryWhole(json[(at + 1)..], out int stated) ? stated
                : isNegative ? -int.MaxValue
                : int.MaxValue;
        }

        double value = Scaled(digits, exponent);
        return negative ? -value : value;
    }

    /// <summary>The shortest of the numbers near to it that is read as it.</summary>
    public static string Write(double value)
    {
        double below = value,
            above = value;
        for (int step = 0; step < 8; step++)
        {
            foreach (double near in (double[])[below, above])
            {
                string text = near.ToString("R", CultureInfo.InvariantCulture);
                if (Read(text) == value)
                {
                    return text;
                }
            }

            (below, above) = (Math.BitDecrement(below), Math.BitIncrement(above));
        }

        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    static double Scaled(double value, long exponent)
    {
        while (exponent < -LargestPower && value != 0)
        {
            value /= Powers[LargestPower];
            exponent += LargestPower;
        }

        return value == 0 ? 0
            : exponent > LargestPower ? double.PositiveInfinity
            : exponent < 0 ? value / Powers[-exponent]
            : value * Powers[exponent];
    }

    static readonly double[] Powers =
    [
        .. Enumerable
            .Range(0, LargestPower + 1)
            .Select(p => Numeral.TryReal($"1e{p}", out double power) ? power : 0),
    ];
}
