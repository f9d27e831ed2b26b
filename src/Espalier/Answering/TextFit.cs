using Espalier.Text;

namespace Espalier.Answering;

/// <summary>Whether a tokenizer and a length belong together.</summary>
public static class TextFit
{
    /// <exception cref="ArgumentException">The special tokens alone are longer.</exception>
    public static void CheckLength(Tokenizer tokenizer, int maxLength, bool pair)
    {
        int least = tokenizer.SpecialCount(pair);
        if (maxLength < least)
        {
            throw new ArgumentException(
                $"A length of {maxLength} was asked for (--max-length), and {least} special tokens stand around a {(pair ? "pair" : "text")}; allow at least as many."
            );
        }
    }
}
