using System.Collections;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Data;

/// <summary>A split as token ids, encoded once.</summary>
public sealed class EncodedSplit
{
    const int TokensAtOnce = 2048;

    readonly SpanList<int> _ids = new();

    // From the first example on that has other types than 0, and empty where there are none: nothing in splits of single texts.
    readonly SpanList<int> _types = new();
    readonly int _firstTypes;
    readonly int[] _labels;
    readonly float[] _scores;

    EncodedSplit(string name, int count)
    {
        Name = name;
        _labels = new int[count];
        _scores = new float[count];
    }

    EncodedSplit(Split split, Tokenizer tokenizer, int maxLength)
        : this(split.Name, split.Count)
    {
        int i = 0;
        foreach (Example example in split.Examples)
        {
            TokenIds encoded = tokenizer.EncodeIds(example.Text, example.Pair, maxLength);
            _ids.Add(encoded.Ids);
            bool typed = encoded.TypeIds.AsSpan().ContainsAnyExcept(0);
            _firstTypes = typed && _types.Count == 0 ? i : _firstTypes;
            if (typed || _types.Count > 0)
            {
                _types.Add(typed ? encoded.TypeIds : []);
            }

            (_labels[i], _scores[i++]) = (example.Label ?? -1, (float)(example.Score ?? 0));
        }
    }

    public string Name { get; }

    public int Count => _labels.Length;

    public long Tokens => _ids.Total;

    public int Length(int example) => _ids[example].Length;

    /// <param name="maxLength">
    /// Longest sequence in tokens, special ones included; longer texts are cut, and those of a corpus into windows of so many.
    /// </param>
    public static EncodedSplit From(
        Split split,
        TaskKind kind,
        Tokenizer tokenizer,
        int maxLength
    ) =>
        kind is Corpus
            ? Cut(split, tokenizer, maxLength)
            : new EncodedSplit(split, tokenizer, maxLength);

    /// <summary>
    /// A text as one stream of tokens, cut into windows that follow each other, so that the place of a window says where it lies in the
    /// text. The last one is shorter, and left out if it is a single token, which nothing stands in front of.
    /// </summary>
    /// <exception cref="InvalidDataException">A text has fewer than two tokens.</exception>
    static EncodedSplit Cut(Split split, Tokenizer tokenizer, int length)
    {
        int[][] texts = [.. split.Examples.Select(e => tokenizer.EncodeIds(e.Text).Ids)];
        if (length < 2 || texts.Any(t => t.Length < 2))
        {
            throw new InvalidDataException(
                $"The {split.Name} text has {texts.Min(t => t.Length)} tokens and is cut into windows of {length}; a token is scored by those in front of it, so there must be two at least."
            );
        }

        (int Text, int From, int Length)[] windows =
        [
            .. texts.SelectMany(
                (ids, text) =>
                    Enumerable
                        .Range(0, (ids.Length + length - 1) / length)
                        .Select(w => (text, w * length, Math.Min(length, ids.Length - w * length)))
            ),
        ];
        windows = [.. windows.Where(w => w.Length > 1)];
        EncodedSplit encoded = new(split.Name, windows.Length);
        encoded._labels.AsSpan().Fill(-1);
        foreach (var (text, from, count) in windows)
        {
            encoded._ids.Add(texts[text].AsSpan(from, count));
        }

        return encoded;
    }

    /// <summary>What is encoded already.</summary>
    public static EncodedSplit Of(string name, Batch batch)
    {
        EncodedSplit encoded = new(name, batch.Count);
        encoded._labels.AsSpan().Fill(-1);
        batch.Labels.CopyTo(encoded._labels, 0);
        batch.Scores.CopyTo(encoded._scores, 0);
        for (int i = 0; i < batch.Count; i++)
        {
            Range tokens = batch.Starts[i]..batch.Starts[i + 1];
            encoded._ids.Add(batch.Ids.AsSpan(tokens));
            encoded._types.Add(batch.TypeIds.AsSpan(tokens));
        }

        return encoded;
    }

    /// <summary>The first tokens of the split's examples, one behind the other.</summary>
    public int[] Beginning(int tokens)
    {
        List<int> ids = [];
        for (int i = 0; i < Count && ids.Count < tokens; i++)
        {
            ids.AddRange(_ids[i]);
        }

        return [.. ids.Take(tokens)];
    }

    /// <summary>The examples as one packed batch, in that order.</summary>
    public Batch Take(ReadOnlySpan<int> examples)
    {
        int tokens = 0;
        foreach (int example in examples)
        {
            tokens += Length(example);
        }

        int[] ids = new int[tokens],
            types = new int[tokens],
            starts = new int[examples.Length + 1],
            labels = new int[examples.Length];
        float[] scores = new float[examples.Length];
        for (int i = 0; i < examples.Length; i++)
        {
            int example = examples[i];
            ReadOnlySpan<int> own = _ids[example];
            own.CopyTo(ids.AsSpan(starts[i]));
            int typed = example - _firstTypes;
            if (typed >= 0 && typed < _types.Count)
            {
                _types[typed].CopyTo(types.AsSpan(starts[i]));
            }

            starts[i + 1] = starts[i] + own.Length;
            (labels[i], scores[i]) = (_labels[example], _scores[example]);
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

    /// <summary>All examples in batches; examples of like length share a batch, the order is fixed. Each is made when asked for.</summary>
    public IReadOnlyList<Batch> Batches(int size) => new LikeLengths(this, size);

    /// <summary>So many of the examples, spread evenly over the split, in batches; all of them where it has no more.</summary>
    public IReadOnlyList<Batch> Spread(int count, int size) =>
        count >= Count
            ? Batches(size)
            :
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => (int)((long)i * Count / count))
                    .Chunk(size)
                    .Select(chunk => Take(chunk)),
            ];

    /// <summary>The windows of a text in batches: behind each token stand scores of a whole vocabulary, so few are read at once.</summary>
    public IReadOnlyList<Batch> Windows() =>
        Batches(Math.Max(1, TokensAtOnce / Math.Max(1, Length(0))));

    /// <summary>The order in which an epoch visits the examples.</summary>
    public int[] Shuffled(Rng rng)
    {
        int[] order = [.. Enumerable.Range(0, Count)];
        rng.Shuffle<int>(order);
        return order;
    }

    sealed class LikeLengths : IReadOnlyList<Batch>
    {
        readonly EncodedSplit _split;
        readonly int _size;
        readonly int[] _order;

        public LikeLengths(EncodedSplit split, int size)
        {
            (_split, _size) = (split, size);
            _order = new int[split.Count];
            int[] keys = new int[split.Count];
            for (int i = 0; i < keys.Length; i++)
            {
                (_order[i], keys[i]) = (i, split.Length(i));
            }

            // Examples of one length in the order of the split.
            Array.Sort(
                _order,
                (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b)
            );
        }

        public int Count => (_order.Length + _size - 1) / _size;

        public Batch this[int index]
        {
            get
            {
                int first = index * _size;
                return _split.Take(_order.AsSpan(first, Math.Min(_size, _order.Length - first)));
            }
        }

        public IEnumerator<Batch> GetEnumerator()
        {
            for (int i = 0; i < Count; i++)
            {
                yield return this[i];
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
