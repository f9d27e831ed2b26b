using Espalier.Data;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>The time of tokens that a language model writes, beside that of the windows it scores: in as many rounds, of as many requests.</summary>
/// <param name="Tokens">That are written in one go.</param>
public sealed record WrittenTimes(SplitCandidate First, SplitCandidate Further, int Tokens)
{
    /// <param name="text">Whose beginning is the prompt.</param>
    /// <param name="scored">The windows that are scored.</param>
    public static WrittenTimes Of(LanguageSession session, EncodedSplit text, SplitCandidate scored)
    {
        int[] prompt = text.Beginning(WrittenTokens.PromptTokens),
            sizes = [.. scored.Sample.Batches.Select(b => b.Length).Distinct()];
        Dictionary<int, WrittenTokens> first = Works(),
            further = Works();
        return new WrittenTimes(
            scored with
            {
                Name = $"{scored.Name}, first token",
                Answer = (block, batch) => first[SizeOf(block, batch)].First(),
            },
            scored with
            {
                Name = $"{scored.Name}, further tokens",
                Answer = (block, batch) => further[SizeOf(block, batch)].Further(),
            },
            further[sizes[0]].Count
        );

        Dictionary<int, WrittenTokens> Works() =>
            sizes.ToDictionary(n => n, n => new WrittenTokens(session, prompt, n));

        int SizeOf(int block, int batch) => scored.Sample.Blocks[block][batch].Length;
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
