namespace Espalier.Text.Formats;

/// <summary>
/// A tokenizer class of transformers: what it decides where files are silent or disagree. Checked
/// against transformers 5.12.1, whose class wins over tokenizer.json.
/// </summary>
/// <param name="Name">As tokenizer_config.json writes it, without "Fast"; null: no file names one.</param>
sealed record TokenizerClass(string? Name, TokenizerClass.Kind Form)
{
    public const string Generic = "PreTrainedTokenizerFast";

    public enum Kind
    {
        /// <summary>No class is known: tokenizer.json, and over it what tokenizer_config.json says.</summary>
        None,

        /// <summary>tokenizer.json alone decides.</summary>
        Generic,

        /// <summary>BERT's normalizer and special tokens, whatever tokenizer.json says.</summary>
        Bert,

        /// <summary>RoBERTa's pre-tokenizer and special tokens, whatever tokenizer.json says.</summary>
        Roberta,

        /// <summary>GPT-2's pre-tokenizer; special tokens as in tokenizer.json.</summary>
        Gpt2,

        /// <summary>ALBERT's normalizer and words; special tokens as in tokenizer.json, or its own.</summary>
        Albert,

        /// <summary>XLM-RoBERTa's words and special tokens, and what tokenizer.json maps characters to.</summary>
        XlmRoberta,
    }

    static readonly string[] Berts =
    [
        "BertTokenizer",
        "DistilBertTokenizer",
        "ElectraTokenizer",
        "MobileBertTokenizer",
        "SqueezeBertTokenizer",
        "ConvBertTokenizer",
        "LayoutLMTokenizer",
        "LxmertTokenizer",
    ];

    static readonly string[] Robertas =
    [
        "RobertaTokenizer",
        "LongformerTokenizer",
        "BartTokenizer",
        "LEDTokenizer",
        "MvpTokenizer",
    ];

    static readonly string[] Generics =
    [
        Generic,
        "PreTrainedTokenizer",
        "TokenizersBackend",
        "PythonBackend",
    ];

    // The models that Espalier knows, and their neighbours whose folders are tokenized at times.
    static readonly Dictionary<string, string> ByModel = new()
    {
        ["bert"] = "BertTokenizer",
        ["distilbert"] = "DistilBertTokenizer",
        ["electra"] = "BertTokenizer",
        ["mobilebert"] = "BertTokenizer",
        ["squeezebert"] = "BertTokenizer",
        ["roberta"] = "RobertaTokenizer",
        ["roberta-prelayernorm"] = "RobertaTokenizer",
        ["longformer"] = "RobertaTokenizer",
        ["gpt2"] = "GPT2Tokenizer",
        ["albert"] = "AlbertTokenizer",
        ["xlm-roberta"] = "XLMRobertaTokenizer",
        ["xlm-roberta-xl"] = "XLMRobertaTokenizer",
        ["modernbert"] = "TokenizersBackend",
        ["opt"] = "GPT2Tokenizer",
        ["phi"] = "GPT2Tokenizer",
        // Their folders name classes of other models, such as GPT-2's with digits cut off: the file
        // is what they were trained with.
        ["llama"] = "TokenizersBackend",
        ["mistral"] = "TokenizersBackend",
        ["mixtral"] = "TokenizersBackend",
        ["qwen2"] = "TokenizersBackend",
        ["qwen3"] = "TokenizersBackend",
        ["gemma"] = "TokenizersBackend",
        ["gemma2"] = "TokenizersBackend",
        ["gemma3"] = "TokenizersBackend",
        ["gemma3_text"] = "TokenizersBackend",
        ["phi3"] = "TokenizersBackend",
    };

    public static TokenizerClass Unnamed { get; } = new(null, Kind.None);

    /// <summary>The class that a file names.</summary>
    public static TokenizerClass Named(string name)
    {
        string plain =
            name != Generic && name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name;
        return new TokenizerClass(
            plain,
            Berts.Contains(plain) ? Kind.Bert
                : Robertas.Contains(plain) ? Kind.Roberta
                : plain switch
                {
                    "GPT2Tokenizer" => Kind.Gpt2,
                    "AlbertTokenizer" => Kind.Albert,
                    "XLMRobertaTokenizer" => Kind.XlmRoberta,
                    _ => Kind.Generic,
                }
        );
    }

    /// <summary>The class that transformers takes for a model where no file names one.</summary>
    public static TokenizerClass OfModel(string? modelType) =>
        modelType is not null && ByModel.TryGetValue(modelType, out string? name)
            ? Named(name) with
            {
                IsGuess = true,
            }
            : Unnamed;

    /// <summary>Whether it follows from the kind of model, and no file names it.</summary>
    public bool IsGuess { get; init; }

    /// <summary>Another class of transformers, or of its user, takes tokenizer.json as it is.</summary>
    public bool IsStranger => Form == Kind.Generic && !Generics.Contains(Name);

    /// <summary>
    /// Whether the second text of a pair gets the token type 1, unless model_input_names says
    /// otherwise. Transformers 4 gave types for the generic class too; 5 does not.
    /// </summary>
    public bool GivesTypes(TokenizerModel model) =>
        Form == Kind.None
            ? model == TokenizerModel.WordPiece
            : Form == Kind.Bert && Name != "DistilBertTokenizer";

    /// <summary>Whether the files of a tokenizer's kind are what this class is made for.</summary>
    public bool Fits(TokenizerModel model) =>
        Form switch
        {
            Kind.Bert => model == TokenizerModel.WordPiece,
            Kind.Roberta or Kind.Gpt2 => model == TokenizerModel.BytePair,
            Kind.Albert or Kind.XlmRoberta => model == TokenizerModel.Unigram,
            _ => true,
        };
}
