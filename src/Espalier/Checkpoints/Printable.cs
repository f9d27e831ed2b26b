using System.Globalization;
using System.Text;

namespace Espalier.Checkpoints;

/// <summary>
/// Text from a file as it may be shown: names in a hostile file must not clear the terminal, forge a
/// line of a log or turn the reading direction.
/// </summary>
public static class Printable
{
    const int Longest = 120;

    /// <summary>Control, format and unpaired characters written as \uXXXX, cut after 120 characters.</summary>
    public static string Escape(string text)
    {
        StringBuilder shown = new();
        for (int at = 0; at < text.Length && shown.Length < Longest; )
        {
            bool whole = TryRune(text, at, out Rune rune, out int length);
            _ =
                whole && !IsHidden(rune) ? shown.Append(text, at, length)
                : rune.Value > 0xFFFF ? shown.Append($"\\U{rune.Value:X8}")
                : shown.Append($"\\u{(whole ? rune.Value : text[at]):X4}");
            at += length;
            if (shown.Length >= Longest && at < text.Length)
            {
                shown.Append('…');
            }
        }

        return shown.ToString();
    }

    /// <summary>Whether <see cref="Escape"/> would have nothing to escape.</summary>
    public static bool IsPlain(string text)
    {
        for (int at = 0; at < text.Length; )
        {
            if (!TryRune(text, at, out Rune rune, out int length) || IsHidden(rune))
            {
                return false;
            }

            at += length;
        }

        return true;
    }

    static bool TryRune(string text, int at, out Rune rune, out int length) =>
        Rune.DecodeFromUtf16(text.AsSpan(at), out rune, out length)
        == System.Buffers.OperationStatus.Done;

    static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
