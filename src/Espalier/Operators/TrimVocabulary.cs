using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Operators;

/// <summary>
/// V: keeps the tokens that a corpus needs, the first ones of the vocabulary (in BERT's, behind its unused places, the most
/// frequent of English come first), all special tokens and all single characters; embedding rows and tokenizer follow.
/// </summary>
public sealed record TrimVocabulary()
    : Operator('V', "needed", "trim the vocabulary", Group.Start, Known)
{
    public override IReadOnlyList<OrderRule> Rules =>
        [
            new(
                "V changes the vocabulary, so it comes right behind O.",
                (_, before) =>
                    before.FirstOrDefault(o => !o.IsOriginal) is { } user
                        ? $"V changes the vocabulary that {user.Name} has used: V comes right behind O."
                        : null
            ),
            OrderRule.Once,
        ];

    // What it takes out is what the task does not need: there is nothing to search.
    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Number<TrimVocabulary>(
            "first",
            "So many tokens at the front of the vocabulary stay, whether the corpus has them or not.",
            0,
            1 << 24,
            o => o.First,
            (o, value) => o with { First = (int)value }
        ),
        Option.Text<TrimVocabulary>(
            "corpus",
            "A text file whose tokens stay, instead of the training data's.",
            "a file",
            o => o.Corpus,
            (o, text) => o with { Corpus = text }
        ),
    ];

    public int First { get; init; } = 4000;

    public override IReadOnlyList<string> Inputs => Corpus.Length > 0 ? [Corpus] : [];

    /// <summary>Empty: the training split of the task.</summary>
    public string Corpus { get; init; } = "";

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage
            ? "V takes tokens out of the vocabulary, and perplexities of different vocabularies do not compare; leave V out."
            : null;

    public override Model Apply(Model model, OperatorContext context)
    {
        Tokenizer tokenizer =
            model.Tokenizer
            ?? throw new InvalidOperationException("V needs a model with a tokenizer.");
        IEnumerable<string> texts =
            Corpus.Length > 0
                ? CorpusLines()
                : context.Task.Data.Training.Examples.SelectMany(Vocabulary.Texts);
        return Vocabulary.Trim(model, Vocabulary.Needed(tokenizer, texts), First);
    }

    IEnumerable<string> CorpusLines()
    {
        using StreamReader corpus = new(RegularFile.OpenStream(Corpus, "a text file"));
        while (corpus.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
