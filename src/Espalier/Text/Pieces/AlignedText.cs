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

    /// <summary>A text as it is, its origins counted from <paramref name="offset"/>; a lone surrogate becomes U+FFFD.</summary>
    public static AlignedText Of(ReadOnlySpan<char> text, int offset)
    {
        AlignedText result = new(text.Length);
        for (int at = 0, units; at < text.Length; at += units)
        {
            result.Add(Read(text, at, out units), (offset + at, offset + at + units));
        }

        return result;
    }

    /// <summary>Where the units from <paramref name="first"/> up to <paramref name="end"/> came from.</summary>
    public (int Start, int End) Origin(int first, int end) =>
        (_origins[first].Start, _origins[end - 1].End);

    /// <summary>The units from <paramref name="start"/> up to <paramref name="end"/> as a text of their own.</summary>
    public AlignedText Slice(int start, int end)
    {
        AlignedText result = new(end - start);
        result.Add(this, start, end);
        return result;
    }

    public void LowerAscii() => Ascii.ToLowerInPlace(_units.AsSpan(0, Length), out _);

    void Add(AlignedText source, int start, int end)
    {
        if (Length + end - start > _units.Length)
        {
            Array.Resize(ref _units, 2 * (Length + end - start));
            Array.Resize(ref _origins, _units.Length);
        }

        source._units.AsSpan(start, end - start).CopyTo(_units.AsSpan(Length));
        source._origins.AsSpan(start, end - start).CopyTo(_origins.AsSpan(Length));
        Length += end - start;
    }

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

    /// <summary>Makes one text of another, from left to right, and gives each code point the origin that the reference gives it.</summary>
    public ref struct Rewriting(AlignedText source)
    {
        int _at;

        public AlignedText Result { get; } = new(source.Length + (source.Length >> 3));

        /// <summary>Whether the source is read to its end.</summary>
        public readonly bool IsDone => _at >= source.Length;

        /// <summary>The next code point of the source, passed over.</summary>
        public int Next()
        {
            int code = Read(source.Units, _at, out int units);
            _at += units;
            return code;
        }

        /// <param name="code">What is put down.</param>
        /// <param name="change">
        /// 0: in place of the next code point; below 0: of as many more; above 0: beside what is read already.
        /// </param>
        public void Put(int code, int change)
        {
            if (change > 0 || IsDone)
            {
                Beside(code);
                return;
            }

            (int, int) origin = source._origins[_at];
            for (; change <= 0 && !IsDone; change++)
            {
                Next();
            }

            Result.Add(code, origin);
        }

        /// <summary>Copies units as they are, up to <paramref name="end"/>.</summary>
        public void CopyTo(int end)
        {
            Result.Add(source, _at, end);
            _at = end;
        }

        /// <summary>Passes over units, up to <paramref name="end"/>.</summary>
        public void SkipTo(int end) => _at = end;

        /// <summary>Puts down a code point with the origin of the last one that was read.</summary>
        public readonly void Beside(int code)
        {
            (int start, int end) =
                source.Length == 0 ? default : source._origins[Math.Max(0, _at - 1)];
            Result.Add(code, _at == 0 ? (start, start) : (start, end));
        }
    }
}
