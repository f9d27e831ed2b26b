namespace Espalier.Text.Pieces;

/// <summary>Numbers, smallest first: a heap with four children to a node, which is kind to caches.</summary>
sealed class MinHeap(int capacity)
{
    const int Children = 4;
    long[] _items = new long[Math.Max(capacity, Children)];
    int _count;

    public void Add(long item)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, 2 * _count);
        }

        int at = _count++;
        while (at > 0 && _items[(at - 1) / Children] > item)
        {
            _items[at] = _items[(at - 1) / Children];
            at = (at - 1) / Children;
        }

        _items[at] = item;
    }

    public bool TryTake(out long smallest)
    {
        if (_count == 0)
        {
            smallest = 0;
            return false;
        }

        smallest = _items[0];
        long item = _items[--_count];
        int at = 0;
        while (true)
        {
            int first = (Children * at) + 1;
            if (first >= _count)
            {
                break;
            }

            int best = first;
            for (int child = first + 1; child < Math.Min(first + Children, _count); child++)
            {
                best = _items[child] < _items[best] ? child : best;
            }

            if (_items[best] >= item)
            {
                break;
            }

            _items[at] = _items[best];
            at = best;
        }

        _items[at] = item;
        return true;
    }
}
