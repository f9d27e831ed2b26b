using System.Collections;
using System.Text;
using Espalier.Data.Files;

namespace Espalier.Data;

/// <summary>
/// The examples of a file in a tenth of the memory that they take as objects: texts stay in the rows that were read, as
/// UTF-8. An example is made each time it is asked for.
/// </summary>
sealed class PackedExamples(SpanList<byte> values, int columns) : IReadOnlyList<Example>
{
    const int None = -1;

    readonly List<int> _labels = [];
    readonly List<double> _scores = [];

    // The row of each example; null as long as every row became one.
    List<int>? _rows;

    public PackedExamples(PackedRows rows)
        : this(rows.Values, rows.Columns) { }

    public int Count => _labels.Count;

    public Example this[int index]
    {
        get
        {
            int label = _labels[index],
                at = columns * (_rows is null ? index : _rows[index]);
            return new Example(
                Encoding.UTF8.GetString(values[at]),
                columns > 2 ? Encoding.UTF8.GetString(values[at + 1]) : null,
                label == None ? null : label,
                _scores.Count > 0 ? _scores[index] : null
            );
        }
    }

    public void Add(int row, int label)
    {
        if (_rows is null && row != Count)
        {
            _rows = [.. Enumerable.Range(0, Count)];
        }

        _rows?.Add(row);
        _labels.Add(label);
    }

    public void Add(int row, double score)
    {
        Add(row, None);
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
}
