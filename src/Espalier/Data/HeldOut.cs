using Espalier.Tensors;

namespace Espalier.Data;

/// <summary>Training data, and data beside it on which thresholds and importance are chosen.</summary>
public sealed record HeldOut(Split Training, Split Tuning)
{
    // Fixed, so that every seed, stage and machine holds out the same examples.
    const ulong Seed = 20261;

    /// <summary>
    /// A tenth of each class (of each tenth of the scores, for a regression), at least one example where
    /// a class has two. Equal texts stay on one side: else the tenth would hold what was trained on.
    /// </summary>
    internal static HeldOut Tenth(Split train, bool regression)
    {
        IReadOnlyList<Example> examples = train.Examples;
        if (examples.Count == 0)
        {
            throw new ArgumentException(
                $"Split '{train.Name}' is empty; a tenth of it was asked for."
            );
        }

        int[] strata = regression ? ScoreTenths(examples) : [.. examples.Select(e => e.Label ?? 0)];
        List<List<int>>[] repeats = GroupsOfEqualTexts(examples, strata);
        bool[] held = new bool[examples.Count];
        Rng rng = new Rng(Seed).Split("held-out tenth");
        for (int stratum = 0; stratum < repeats.Length; stratum++)
        {
            List<int>[] groups = [.. repeats[stratum]];
            if (groups.Length < 2)
            {
                continue;
            }

            rng.Split((ulong)stratum).Shuffle<List<int>>(groups);
            int size = groups.Sum(group => group.Count);
            int wanted = Math.Max(1, (size + 5) / 10);
            foreach (List<int> group in groups.Where(group => group.Count <= wanted))
            {
                group.ForEach(index => held[index] = true);
                wanted -= group.Count;
                if (wanted == 0)
                {
                    break;
                }
            }
        }

        if (!held.Contains(true))
        {
            throw new InvalidDataException(
                $"Of the {examples.Count} examples of '{train.Name}' no tenth can be held out, as no class has two different texts; give a validation split."
            );
        }

        return new HeldOut(
            train with
            {
                Examples = [.. examples.Where((_, index) => !held[index])],
            },
            new Split("held-out tenth", [.. examples.Where((_, index) => held[index])])
        );
    }

    /// <summary>The last tenth of a text, from the begin of a line on where there is one: what stands beside each other is of one article.</summary>
    internal static HeldOut LastTenth(Split train)
    {
        string text = train.Examples[0].Text;
        int at = text.Length - text.Length / 10,
            line = text.AsSpan(0, at).LastIndexOf('\n') + 1;
        at = line > 0 ? line : at;
        return new HeldOut(
            train with
            {
                Examples = [new Example(text[..at])],
            },
            new Split("held-out tenth", [new Example(text[at..])])
        );
    }

    /// <summary>Per stratum the indices of equal texts together, in the order of their first one.</summary>
    static List<List<int>>[] GroupsOfEqualTexts(IReadOnlyList<Example> examples, int[] strata)
    {
        List<List<int>>[] groups =
        [
            .. Enumerable.Range(0, strata.Max() + 1).Select(_ => new List<List<int>>()),
        ];
        Dictionary<(string, string?), List<int>> seen = [];
        for (int index = 0; index < examples.Count; index++)
        {
            (string, string?) texts = (examples[index].Text, examples[index].Pair);
            if (seen.TryGetValue(texts, out List<int>? group))
            {
                group.Add(index);
                continue;
            }

            group = [index];
            seen.Add(texts, group);
            groups[strata[index]].Add(group);
        }

        return groups;
    }

    static int[] ScoreTenths(IReadOnlyList<Example> examples)
    {
        int[] order =
        [
            .. Enumerable.Range(0, examples.Count).OrderBy(index => examples[index].Score ?? 0),
        ];
        int[] tenths = new int[order.Length];
        for (int rank = 0; rank < order.Length; rank++)
        {
            tenths[order[rank]] = (int)(rank * 10L / order.Length);
        }

        return tenths;
    }
}
