using Espalier.Data;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>What a language model says of a token that stands there.</summary>
/// <param name="LogP">ln p of the token, given all before it.</param>
/// <param name="IsFirst">No other token has a higher score.</param>
public readonly record struct TokenScore(double LogP, bool IsFirst);

/// <summary>ln p of the tokens of texts; of each the last tokens, from one on, are asked for.</summary>
public static class Likelihood
{
    // Tokens of a pass: enough that all threads have work, few enough that memory is small.
    const int TokensAtOnce = 1024;

    /// <param name="texts">Ids, and which is the first that is asked for: at least 1, as nothing stands before the first.</param>
    /// <returns>Of each text the scores of its tokens from that one on.</returns>
    /// <exception cref="InvalidDataException">A score is not a number: the weights are damaged.</exception>
    public static IReadOnlyList<TokenScore[]> Of(
        LanguageSession session,
        IReadOnlyList<(int[] Ids, int From)> texts,
        Action<double>? progress = null,
        CancellationToken stop = default
    )
    {
        TokenScore[][] scores = new TokenScore[texts.Count][];
        for (int first = 0, next; first < texts.Count; first = next)
        {
            stop.ThrowIfCancellationRequested();
            int tokens = texts[first].Ids.Length;
            for (next = first + 1; next < texts.Count; next++)
            {
                tokens += texts[next].Ids.Length;
                if (tokens > TokensAtOnce)
                {
                    break;
                }
            }

            Score(session, texts, first, next, scores);
            progress?.Invoke((double)next / texts.Count);
        }

        return scores;
    }

    static void Score(
        LanguageSession session,
        IReadOnlyList<(int[] Ids, int From)> texts,
        int first,
        int end,
        TokenScore[][] scores
    )
    {
        int[] starts = new int[end - first + 1];
        for (int t = first; t < end; t++)
        {
            var (ids, from) = texts[t];
            starts[t - first + 1] = starts[t - first] + ids.Length;
            scores[t] = new TokenScore[ids.Length - from];
        }

        int[] all = [.. Enumerable.Range(first, end - first).SelectMany(t => texts[t].Ids)];
        int text = 0;
        session.Score(
            new Batch
            {
                Ids = all,
                TypeIds = new int[all.Length],
                Starts = starts,
            },
            (row, logits) =>
            {
                for (int r = 0; r < logits.Rows; r++, row++)
                {
                    text += row >= starts[text + 1] ? 1 : 0;
                    int token = row - starts[text] + 1,
                        from = texts[first + text].From;
                    if (token >= from && row + 1 < starts[text + 1])
                    {
                        scores[first + text][token - from] = Of(logits.Row(r), all[row + 1]);
                    }
                }
            }
        );
    }

    static TokenScore Of(ReadOnlySpan<float> logits, int token)
    {
        var (loss, isBest) = TextLikelihood.Loss(logits, token);
        return double.IsFinite(loss)
            ? new TokenScore(-loss, isBest)
            : throw new InvalidDataException(
                "A score of the next token is not a number; the weights are damaged or too large."
            );
    }
}
