using Espalier.Checkpoints;
using Espalier.Data.Corpora;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Measuring;

/// <summary>What a model made of a question: ln p of each choice behind its context, and their lengths.</summary>
public sealed record ScoredQuestion(
    int Answer,
    IReadOnlyList<double> LogP,
    IReadOnlyList<int> Tokens,
    IReadOnlyList<int> Bytes
)
{
    /// <summary>Whether the right choice is the most likely one; of equals the first counts.</summary>
    public bool IsRight => Best(_ => 1) == Answer;

    /// <summary>By ln p for each token.</summary>
    public bool IsRightByTokens => Best(c => Tokens[c]) == Answer;

    /// <summary>By ln p for each byte of UTF-8, which tokenizers do not change: the harness's <c>acc_norm</c>.</summary>
    public bool IsRightByBytes => Best(c => Bytes[c]) == Answer;

    int Best(Func<int, double> length) =>
        Enumerable.Range(0, LogP.Count).MaxBy(c => LogP[c] / length(c));
}

/// <summary>
/// Questions with choices, answered by likelihood as EleutherAI's evaluation harness does: white space at the context's end goes to
/// the choice, context and choice are encoded together, and what is longer than the model reads loses its beginning.
/// </summary>
public static class ChoiceMeter
{
    /// <returns>One for each question, and how many choices lost the beginning of their context.</returns>
    public static (IReadOnlyList<ScoredQuestion> Questions, int Cut) Run(
        LanguageSession session,
        Tokenizer tokenizer,
        IReadOnlyList<Question> questions,
        Action<double>? progress = null,
        CancellationToken stop = default
    )
    {
        List<(int[] Ids, int From)> texts = [];
        int cut = 0,
            most = session.Model.Config.MaxLength;
        foreach (Question question in questions)
        {
            foreach (string choice in question.Choices)
            {
                var (ids, from) = Encode(tokenizer, question.Context, choice);
                if (ids.Length > most)
                {
                    cut++;
                    from = Math.Max(1, from - (ids.Length - most));
                    ids = ids[^most..];
                }

                texts.Add((ids, from));
            }
        }

        IReadOnlyList<TokenScore[]> scores = Likelihood.Of(session, texts, progress, stop);
        List<ScoredQuestion> scored = [];
        int at = 0;
        foreach (Question question in questions)
        {
            TokenScore[][] own = [.. scores.Skip(at).Take(question.Choices.Count)];
            at += own.Length;
            scored.Add(
                new ScoredQuestion(
                    question.Answer,
                    [.. own.Select(s => s.Sum(t => t.LogP))],
                    [.. own.Select(s => s.Length)],
                    [.. question.Choices.Select(System.Text.Encoding.UTF8.GetByteCount)]
                )
            );
        }

        return (scored, cut);
    }

    /// <summary>The ids of both, and the first that is the choice's; an empty context is the token that begins or ends texts.</summary>
    /// <exception cref="InvalidDataException">There is neither a context nor such a token.</exception>
    public static (int[] Ids, int From) Encode(Tokenizer tokenizer, string context, string choice)
    {
        int[] whole = tokenizer.EncodeIds(context + choice).Ids,
            before = tokenizer.EncodeIds(context.TrimEnd()).Ids;
        int from = Math.Min(before.Length, whole.Length - 1);
        if (from > 0)
        {
            return (whole, from);
        }

        int begin =
            tokenizer.BosId
            ?? tokenizer.EosId
            ?? throw new InvalidDataException(
                $"The question about {Short(choice)} has no context, and the tokenizer no token that begins a text; give it a context."
            );
        return ([begin, .. whole], 1);
    }

    static string Short(string text) =>
        $"'{Printable.Escape(text.Length > 40 ? text[..40] + "…" : text)}'";
}
