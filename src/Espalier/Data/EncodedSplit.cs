using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Data;

/// <summary>One example as token ids.</summary>
public sealed record EncodedExample(int[] Ids, int[] TypeIds, int Label, float Score);

/// <summary>A split as token ids, encoded once.</summary>
public sealed class EncodedSplit
{
    readonly EncodedExample[] _examples;

    EncodedSplit(string name, EncodedExample[] examples) => (Name, _examples) = (name, examples);

    public string Name { get; }

    public int Count => _examples.Length;

    public EncodedExample this[int example] => _examples[example];

    public long Tokens => _examples.Sum(e => (long)e.Ids.Length);

    /// <param name="maxLength">Longest sequence in tokens, special ones included; longer texts are cut.</param>
    public static EncodedSplit From(Split split, Tokenizer tokenizer, int maxLength) =>
        new(
            split.Name,
            [
                .. split.Examples.Select(example =>
                {
                    TokenIds encoded = tokenizer.EncodeIds(example.Text, example.Pair, maxLength);
                    return new EncodedExample(
                        encoded.Ids,
                        encoded.TypeIds,
                        example.Label ?? -1,
                        (float)(example.Score ?? 0)
                    );
                }),
            ]
        );

    /// <summary>The examples as one packed batch, in that order.</summary>
    public Batch Take(ReadOnlySpan<int> examples)
    {
        int tokens = 0;
        foreach (int example in examples)
        {
            tokens += _examples[example].Ids.Length;
        }

        int[] ids = new int[tokens],
            types = new int[tokens],
            starts = new int[examples.Length + 1],
            labels = new int[examples.Length];
        float[] scores = new float[examples.Length];
        for (int i = 0; i < examples.Length; i++)
        {
            EncodedExample example = _examples[examples[i]];
            example.Ids.CopyTo(ids, starts[i]);
            example.TypeIds.CopyTo(types, starts[i]);
            starts[i + 1] = starts[i] + example.Ids.Length;
            (labels[i], scores[i]) = (example.Label, example.Score);
        }

        return new Batch
        {
            Ids = ids,
            TypeIds = types,
            Starts = starts,
            Labels = labels,
            Scores = scores,
            Examples = examples.ToArray(),
        };
    }

    /// <summary>All examples in batches; examples of like length share a batch, the order is fixed.</summary>
    public IEnumerable<Batch> Batches(int size)
    {
        int[] order = [.. Enumerable.Range(0, Count).OrderBy(i => _examples[i].Ids.Length)];
        for (int first = 0; first < Count; first += size)
        {
            yield return Take(order.AsSpan(first, Math.Min(size, Count - first)));
        }
    }

    /// <summary>The order in which an epoch visits the examples.</summary>
    public int[] Shuffled(Rng rng)
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        rng.Shuffle<int>(order);
        return order;
    }
}
