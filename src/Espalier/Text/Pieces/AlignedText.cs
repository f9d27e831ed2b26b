using System.Text;

namespace Espalier.Text.Pieces;

/// <summary>
/// A text as a tokenizer changes it, in UTF-16, where every unit remembers which stretch of the
/// original text it came from.
/// </summary>
sealed class AlignedText(int capacity)
{
    char[] _units = new char[Math.Max(capacity, 16)];
    (int Start, int End)[] _origins = new (int, int)[Math.Max(capacity, 16)];

    public int Length { get; private set; }

    public ReadOnlySpan<char> Units => _units.AsSpan(0, Length);

    /// <summary>Where the units from <paramref name="first"/> up to <paramref name="end"/> came from.</summary>
    public (int Start, int End) Origin(int first, int end) =>
        (_origins[first].Start, _origins[end - 1].End);

    public void Add(int code, (int Start, int End) origin)
    {
        if (Length + 2 > _units.Length)
        {
            Array.Resize(ref _units, _units.Length * 2);
            Array.Resize(ref _origins, _units.Length);
        }

        if (code < 0x10000)
        {
            _units[Length] = (char)code;
            _origins[Length++] = origin;
            return;
        }

        new Rune(code).EncodeToUtf16(_units.AsSpan(Length));
        _origins[Length++] = origin;
        _origins[Length++] = origin;
    }

    /// <summary>The code point at <paramref name="at"/>; a lone surrogate reads as U+FFFD.</summary>
    public static int Read(ReadOnlySpan<char> text, int at, out int units)
    {
        char unit = text[at];
        if (!char.IsSurrogate(unit))
        {
            units = 1;
            return unit;
        }

        Rune.DecodeFromUtf16(text[at..], out Rune rune, out units);
        return rune.Value;
    }
}
