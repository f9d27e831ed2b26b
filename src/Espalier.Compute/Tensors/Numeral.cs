using System.Globalization;
using System.Numerics;

namespace Espalier.Tensors;

/// <summary>
/// Numbers as people and files write them, read in one way by the whole program: ASCII digits, a point, a sign and an
/// exponent, white space around. A comma is refused wherever it stands, and so are hexadecimal digits, underscores and
/// what is not finite; <c>BannedSymbols.txt</c> keeps the readers of .NET out, which take 3,5 for 35.
/// </summary>
public static class Numeral
{
    const NumberStyles Around = NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;
    const NumberStyles Whole = Around | NumberStyles.AllowLeadingSign;
    const NumberStyles Real = Whole | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>A finite number; 1e400, inf and nan are none.</summary>
    public static bool TryReal(ReadOnlySpan<char> text, out double value) =>
        TryParse(text, Real, out value) && double.IsFinite(value);

    /// <summary>A whole number within the type; 5.0 and 5e0 are none.</summary>
    public static bool TryWhole<T>(ReadOnlySpan<char> text, out T value)
        where T : struct, IBinaryInteger<T> => TryParse(text, Whole, out value);

    /// <summary>A number of the type: whole where the type has no others.</summary>
    public static bool TryNumber<T>(ReadOnlySpan<char> text, out T value)
        where T : struct, INumber<T> =>
        TryParse(text, T.IsInteger(T.One / (T.One + T.One)) ? Whole : Real, out value)
        && T.IsFinite(value);

    static bool TryParse<T>(ReadOnlySpan<char> text, NumberStyles styles, out T value)
        where T : struct, INumber<T>
    {
        value = default;

        // .NET passes over zero bytes at the end.
        return !text.Contains('\0')
            && T.TryParse(text, styles, CultureInfo.InvariantCulture, out value);
    }
}
