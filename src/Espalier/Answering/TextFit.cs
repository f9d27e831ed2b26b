using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Answering;

/// <summary>Whether a tokenizer and a length belong together.</summary>
public static class TextFit
{
    /// <summary>Tokens that texts are cut to: what was asked for, else the usual, or less where the model reads less.</summary>
    /// <exception cref="ArgumentException">The model reads less than was asked for.</exception>
    /// <param name="kind">What is asked about texts; null: a class or a number.</param>
    public static int Length(
        string folder,
        ModelConfig config,
        int? asked,
        TaskKind? kind = null
    ) =>
        asked > config.MaxLength
            ? throw new ArgumentException(
                $"--max-length is {asked}, and the model in {folder} reads at most {config.MaxLength} tokens."
            )
            : Math.Min(
                asked
                    ?? (kind is Corpus ? CorpusFiles.UsualWindow : ClassifierOptions.DefaultLength),
                config.MaxLength
            );

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
