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
                : plain == "GPT2Tokenizer" ? Kind.Gpt2
                : Kind.Generic
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
    public bool GivesTypes(bool wordPiece) =>
        Form == Kind.None ? wordPiece : Form == Kind.Bert && Name != "DistilBertTokenizer";

    /// <summary>Whether the files of a tokenizer's kind are what this class is made for.</summary>
    public bool Fits(bool wordPiece) =>
        Form is Kind.None or Kind.Generic || wordPiece == (Form == Kind.Bert);
}
