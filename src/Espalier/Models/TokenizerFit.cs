using Espalier.Text;

namespace Espalier.Models;

/// <summary>Whether what a tokenizer gives has a row in a model's tables.</summary>
public static class TokenizerFit
{
    const int MostNamed = 5;

    /// <summary>Why ids or types would miss the tables; null: they do not.</summary>
    /// <param name="pairs">Whether texts come in pairs.</param>
    public static string? Problem(Tokenizer tokenizer, ModelConfig config, bool pairs)
    {
        if (tokenizer.VocabularySize > config.Vocabulary)
        {
            string[] behind = [.. tokenizer.TokensFrom(config.Vocabulary).Take(MostNamed)];
            string named = behind.Length > 0 ? $" ('{string.Join("', '", behind)}')" : "";
            return $"the tokenizer has ids up to {tokenizer.VocabularySize - 1}{named}, the embedding only {config.Vocabulary} rows; "
                + "tokenizer and weights belong to different models.";
        }

        int type = tokenizer.LargestType(pairs);
        return config.Types > 0 && type >= config.Types
            ? $"the tokenizer gives the {(pairs ? "second text of a pair" : "text")} the token type {type}, and type_vocab_size is "
                + $"{config.Types}; a tokenizer that gives no types says so in model_input_names of tokenizer_config.json."
            : null;
    }

    /// <exception cref="InvalidDataException">They would.</exception>
    public static void Check(string folder, Tokenizer tokenizer, ModelConfig config, bool pairs)
    {
        if (Problem(tokenizer, config, pairs) is { } problem)
        {
            throw new InvalidDataException($"{folder}: {problem}");
        }
    }
}
