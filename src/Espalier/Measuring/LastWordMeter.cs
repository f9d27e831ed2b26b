using Espalier.Models;
using Espalier.Text;

namespace Espalier.Measuring;

/// <summary>
/// LAMBADA's question (Paperno et al. 2016): the last word of a passage, given all before it. It is right when each of its tokens is
/// the most likely one.
/// </summary>
public static class LastWordMeter
{
    /// <param name="file">That the passages are of, for messages.</param>
    /// <returns>Of each passage whether its last word is right, and ln p of that word.</returns>
    /// <exception cref="InvalidDataException">A passage has fewer than two words.</exception>
    public static IReadOnlyList<(bool IsRight, double LogP)> Run(
        LanguageSession session,
        Tokenizer tokenizer,
        string file,
        IReadOnlyList<(string Text, int Line)> passages,
        Action<double>? progress = null,
        CancellationToken stop = default
    )
    {
        int most = session.Model.Config.MaxLength;
        List<(int[] Ids, int From)> texts = [];
        foreach (var (text, line) in passages)
        {
            string passage = text.TrimEnd();
            int space = passage.AsSpan().LastIndexOfAny(" \t");
            if (space <= 0)
            {
                throw new InvalidDataException(
                    $"{file}:{line} has fewer than two words; a passage whose last word can be asked for was expected."
                );
            }

            var (ids, from) = ChoiceMeter.Encode(tokenizer, passage[..space], passage[space..]);
            int cut = Math.Max(0, ids.Length - most);
            texts.Add((ids[cut..], Math.Max(1, from - cut)));
        }

        return
        [
            .. Likelihood
                .Of(session, texts, progress, stop)
                .Select(scores => (scores.All(s => s.IsFirst), scores.Sum(s => s.LogP))),
        ];
    }
}
