using Espalier.Data;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>The time of tokens that a language model writes, beside that of the windows it scores: in as many rounds, of as many requests.</summary>
/// <param name="Tokens">That are written in one go.</param>
public sealed record WrittenTimes(SplitCandidate First, SplitCandidate Further, int Tokens)
{
    // Where tokens leave early, texts differ; their keys and values stay in memory while times are taken.
    const int MostTexts = 4;

    IReadOnlyList<WrittenTokens> Works { get; init; } = [];

    /// <summary>Layers that the further tokens passed which were timed; null: all did.</summary>
    public double? AverageLayers => Works.Average(w => w.AverageLayers);

    /// <param name="text">Whose beginning is the prompt; where tokens leave early, the beginnings of some of its windows are.</param>
    /// <param name="scored">The windows that are scored.</param>
    /// <param name="effort">Of a model with exits; null of others.</param>
    public static WrittenTimes Of(
        LanguageSession session,
        EncodedSplit text,
        SplitCandidate scored,
        Effort? effort = null
    )
    {
        int[] sizes = [.. scored.Sample.Batches.Select(b => b.Length).Distinct()];

        // The last window of a text may be short.
        int whole = Math.Max(1, text.Count - 1),
            count = Math.Min(MostTexts, whole);
        int[][] prompts = effort is null
            ? [text.Beginning(WrittenTokens.PromptTokens)]
            :
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => text.Take([(2 * i + 1) * whole / (2 * count)]).Ids),
            ];
        Dictionary<(int Text, int Size), WrittenTokens> first = Made(),
            further = Made();
        return new WrittenTimes(
            scored with
            {
                Name = $"{scored.Name}, first token",
                Answer = (block, batch) => first[Which(block, batch)].First(),
            },
            scored with
            {
                Name = $"{scored.Name}, further tokens",
                Answer = (block, batch) => further[Which(block, batch)].Further(),
            },
            further[(0, sizes[0])].Count
        )
        {
            Works = [.. further.Values],
        };

        Dictionary<(int, int), WrittenTokens> Made() =>
            prompts
                .SelectMany(
                    (prompt, i) =>
                        sizes.Select(n =>
                            KeyValuePair.Create(
                                (i, n),
                                new WrittenTokens(session, prompt, n, effort)
                            )
                        )
                )
                .ToDictionary();

        (int, int) Which(int block, int batch) =>
            (block % prompts.Length, scored.Sample.Blocks[block][batch].Length);
    }

    /// <summary>A measurement of the model with these figures.</summary>
    public Measurement In(Measurement measured, SplitComparison comparison)
    {
        SplitTiming further = comparison[Further.Name];
        return measured
            .With(Figure.MillisecondsToFirstToken, comparison[First.Name].MillisecondsPerExample)
            .With(Figure.MillisecondsPerToken, further.MillisecondsPerExample, 1.0 / Tokens)
            .With(Figure.JoulesPerToken, further.JoulesPerExample, 1.0 / Tokens);
    }
}
