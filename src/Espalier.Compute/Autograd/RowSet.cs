namespace Espalier.Autograd;

/// <summary>Rows of a table, each once, in the order in which they first came.</summary>
public sealed class RowSet(int rows)
{
    readonly bool[] _has = new bool[rows];
    readonly List<int> _list = [];

    public ReadOnlySpan<int> Rows =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_list);

    internal bool Has(int row) => _has[row];

    public void Add(ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            if (!_has[row])
            {
                _has[row] = true;
                _list.Add(row);
            }
        }
    }

    public void Clear()
    {
        foreach (int row in _list)
        {
            _has[row] = false;
        }

        _list.Clear();
    }
}
