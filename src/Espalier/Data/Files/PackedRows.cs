using System.Collections;
using System.Text;

namespace Espalier.Data.Files;

/// <summary>The rows of a file, as small as <see cref="PackedExamples"/>; a row is made each time it is asked for.</summary>
sealed class PackedRows(int columns) : IReadOnlyList<Row>
{
    readonly List<int> _lines = [];

    public int Columns => columns;

    /// <summary>Row by row, column by column.</summary>
    public SpanList<byte> Values { get; } = new();

    public int Count => _lines.Count;

    public Row this[int index]
    {
        get
        {
            string[] values = new string[columns];
            for (int c = 0; c < columns; c++)
            {
                values[c] = Value(index, c);
            }

            return new Row(_lines[index], values);
        }
    }

    /// <summary>The value of one column; the last one is the label's.</summary>
    public string Value(int row, int column) =>
        Encoding.UTF8.GetString(Values[row * columns + column]);

    /// <summary>Begins a row; a value for each column follows.</summary>
    public void Begin(int line) => _lines.Add(line);

    public void Add(ReadOnlySpan<byte> value) => Values.Add(value);

    public void Add(string value) =>
        Encoding.UTF8.GetBytes(value, Values.Add(Encoding.UTF8.GetByteCount(value)));

    public IEnumerator<Row> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
