namespace Espalier.Text;

/// <summary>Which token plays which part, by the names Hugging Face files use.</summary>
sealed record SpecialTokens(IReadOnlyDictionary<string, string> ByRole)
{
    /// <summary>All parts, in the order in which files list them.</summary>
    public static IReadOnlyList<string> Roles { get; } =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    static readonly Dictionary<string, string> Bert = new()
    {
        ["unk_token"] = "[UNK]",
        ["sep_token"] = "[SEP]",
        ["pad_token"] = "[PAD]",
        ["cls_token"] = "[CLS]",
        ["mask_token"] = "[MASK]",
    };

    static readonly Dictionary<string, string> Albert = new()
    {
        ["bos_token"] = "[CLS]",
        ["eos_token"] = "[SEP]",
        ["unk_token"] = "<unk>",
        ["sep_token"] = "[SEP]",
        ["pad_token"] = "<pad>",
        ["cls_token"] = "[CLS]",
        ["mask_token"] = "[MASK]",
    };

    static readonly Dictionary<string, string> Roberta = new()
    {
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
        ["unk_token"] = "<unk>",
        ["sep_token"] = "</s>",
        ["pad_token"] = "<pad>",
        ["cls_token"] = "<s>",
        ["mask_token"] = "<mask>",
    };

    static readonly Dictionary<string, string> Gpt2 = new()
    {
        ["bos_token"] = "<|endoftext|>",
        ["eos_token"] = "<|endoftext|>",
        ["unk_token"] = "<|endoftext|>",
    };

    static readonly Dictionary<string, string> Llama = new()
    {
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
        ["unk_token"] = "<unk>",
    };

    /// <summary>Fills the parts that no file names with the tokens a family is known to use, where it has them.</summary>
    public SpecialTokens WithDefaults(TokenizerFamily family, Func<string, bool> has)
    {
        Dictionary<string, string> byRole = new(ByRole);
        foreach ((string role, string token) in Of(family))
        {
            if (has(token))
            {
                byRole.TryAdd(role, token);
            }
        }

        return new SpecialTokens(byRole);
    }

    /// <summary>The tokens that a family's class gives its parts to.</summary>
    public static IReadOnlyDictionary<string, string> Of(TokenizerFamily family) =>
        family switch
        {
            TokenizerFamily.Bert => Bert,
            TokenizerFamily.Albert => Albert,
            TokenizerFamily.Roberta or TokenizerFamily.XlmRoberta => Roberta,
            TokenizerFamily.Llama => Llama,
            _ => Gpt2,
        };

    public string? this[string role] => ByRole.GetValueOrDefault(role);
}

/// <summary>Whose conventions a tokenizer follows where its files are silent.</summary>
enum TokenizerFamily
{
    Bert,
    Roberta,
    Gpt2,
    Albert,
    XlmRoberta,
    Llama,
}

/// <summary>How words become tokens.</summary>
enum TokenizerModel
{
    WordPiece,
    BytePair,
    Unigram,

    /// <summary>SentencePiece's BPE: merges of characters, and bytes for those that are unknown.</summary>
    CharacterPair,
}
