using Espalier.Models;
using Espalier.Text;

namespace Espalier.Answering;

/// <summary>Whether a tokenizer, a model and a length belong together.</summary>
public static class TextFit
{
    /// <summary>Why ids of the tokenizer would miss the embedding; null: they do not.</summary>
    public static string? Misfit(Tokenizer tokenizer, ModelConfig config) =>
        tokenizer.VocabularySize > config.Vocabulary
            ? $"the tokenizer has ids up to {tokenizer.VocabularySize - 1}, the embedding only {config.Vocabulary} rows; "
                + "tokenizer and weights belong to different models."
            : null;

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
