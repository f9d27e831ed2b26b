using System.Text;
using System.Text.RegularExpressions;

namespace Espalier.Text.Pieces;

/// <summary>Changes a text before it is cut.</summary>
abstract record Normalizer
{
    /// <summary>The text changed; <paramref name="text"/> itself may be used up.</summary>
    public abstract AlignedText Apply(AlignedText text);
}

/// <summary>One after the other.</summary>
sealed record NormalizerSequence(IReadOnlyList<Normalizer> Parts) : Normalizer
{
    public override AlignedText Apply(AlignedText text) =>
        Parts.Aggregate(text, (before, part) => part.Apply(before));
}

/// <summary>Full lower case, code point by code point.</summary>
sealed record Lowercasing : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        if (Ascii.IsValid(text.Units))
        {
            text.LowerAscii();
            return text;
        }

        AlignedText.Rewriting rewriting = new(text);
        while (!rewriting.IsDone)
        {
            int code = rewriting.Next();
            if (!UnicodeTable.Is(code, CodePoint.Lowers))
            {
                rewriting.Beside(code);
                continue;
            }

            foreach (int lower in UnicodeTable.Lower(code))
            {
                rewriting.Beside(lower);
            }
        }

        return rewriting.Result;
    }
}

/// <summary>Drops what is of a kind.</summary>
sealed record Dropping(CodePoint Kind) : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        if (Ascii.IsValid(text.Units)) // no mark is ASCII
        {
            return text;
        }

        AlignedText.Rewriting rewriting = new(text);
        while (!rewriting.IsDone)
        {
            int code = rewriting.Next();
            if (!UnicodeTable.Is(code, Kind))
            {
                rewriting.Beside(code);
            }
        }

        return rewriting.Result;
    }
}

/// <summary>The cleaning of machine translation: drops controls, and makes white space and signs that are none plain spaces.</summary>
sealed record TranslationCleaning : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        AlignedText.Rewriting rewriting = new(text);
        while (!rewriting.IsDone)
        {
            switch (rewriting.Next())
            {
                case (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F:
                    break;
                case 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F):
                case 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD:
                    rewriting.Beside(' ');
                    break;
                case int code:
                    rewriting.Beside(code);
                    break;
            }
        }

        return rewriting.Result;
    }
}

/// <summary>Takes white space off the ends.</summary>
sealed record Stripping(bool Left, bool Right) : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        ReadOnlySpan<char> units = text.Units;
        int start = 0,
            end = units.Length;
        while (Left && start < end && UnicodeTable.Is(units[start], CodePoint.Separator))
        {
            start++;
        }

        while (Right && start < end && UnicodeTable.Is(units[end - 1], CodePoint.Separator))
        {
            end--;
        }

        return start == 0 && end == units.Length ? text : text.Slice(start, end);
    }
}

/// <summary>Puts a text in front, if there is anything to stand in front of.</summary>
sealed record Prepending(string Content) : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        if (text.Length == 0 || Content.Length == 0)
        {
            return text;
        }

        AlignedText.Rewriting rewriting = new(text);
        int first = rewriting.Next();
        foreach (Rune rune in Content.EnumerateRunes())
        {
            rewriting.Beside(rune.Value);
        }

        rewriting.Beside(first);
        rewriting.CopyTo(text.Length);
        return rewriting.Result;
    }
}

/// <summary>Replaces whatever a pattern finds; all of it stands where the last that was found stood.</summary>
sealed record Replacing(Regex Pattern, string Content) : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        if (!Pattern.IsMatch(text.Units))
        {
            return text;
        }

        AlignedText.Rewriting rewriting = new(text);
        foreach (ValueMatch match in Pattern.EnumerateMatches(text.Units))
        {
            rewriting.CopyTo(match.Index);
            rewriting.SkipTo(match.Index + match.Length);
            foreach (Rune rune in Content.EnumerateRunes())
            {
                rewriting.Beside(rune.Value);
            }
        }

        rewriting.CopyTo(text.Length);
        return rewriting.Result;
    }
}
