using System.Collections;
using System.Text;

namespace Espalier.Data;

/// <summary>
/// The examples of a file in a tenth of the memory that they take as objects: texts as UTF-8 in one piece. An example is
/// made each time it is asked for.
/// </summary>
sealed class PackedExamples(bool pairs) : IReadOnlyList<Example>
{
    const int None = -1;

    readonly SpanList<byte> _texts = new();
    readonly List<int> _labels = [];
    readonly List<double> _scores = [];

    public int Count => _labels.Count;

    public Example this[int index]
    {
        get
        {
            int at = pairs ? 2 * index : index;
            int label = _labels[index];
            return new Example(
                Encoding.UTF8.GetString(_texts[at]),
                pairs ? Encoding.UTF8.GetString(_texts[at + 1]) : null,
                label == None ? null : label,
                _scores.Count > 0 ? _scores[index] : null
            );
        }
    }

    /// <param name="pair">Given for every example, or for none.</param>
    public void Add(string text, string? pair, int label)
    {
        Add(text, pair);
        _labels.Add(label);
    }

    /// <inheritdoc cref="Add(string, string?, int)"/>
    public void Add(string text, string? pair, double score)
    {
        Add(text, pair);
        _labels.Add(None);
        _scores.Add(score);
    }

    public IEnumerator<Example> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    void Add(string text, string? pair)
    {
        Encoding.UTF8.GetBytes(text, _texts.Add(Encoding.UTF8.GetByteCount(text)));
        if (pairs)
        {
            Encoding.UTF8.GetBytes(pair!, _texts.Add(Encoding.UTF8.GetByteCount(pair!)));
        }
    }
}
