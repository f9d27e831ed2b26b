namespace Espalier.Text.Pieces;

/// <summary>
/// The pieces of a vocabulary by their beginnings: an open hash table of steps, each in one word (the
/// node it leaves, the unit, the node it reaches), so that a step is one look into memory.
/// </summary>
sealed class PieceTrie
{
    const int NodeBits = 24;
    const int UnitBits = 16;
    readonly ulong[] _steps;
    readonly int[] _ids; // of the piece that ends at a node, or -1
    readonly int _shift;

    public PieceTrie(Vocabulary vocabulary)
    {
        int units = vocabulary.Entries.Sum(e => e.Token.Length);
        int bits = 4;
        while (1L << bits < 2L * Math.Min(units, 1 << NodeBits))
        {
            bits++;
        }

        _steps = new ulong[1 << bits];
        _shift = 64 - bits;
        List<int> ids = [-1];
        foreach ((string token, int id) in vocabulary.Entries)
        {
            int node = 0;
            foreach (char unit in token)
            {
                ref ulong step = ref Slot(node, unit);
                if (step == 0)
                {
                    if (ids.Count == 1 << NodeBits)
                    {
                        throw new InvalidDataException(
                            $"The pieces of the vocabulary have more than {1 << NodeBits} beginnings."
                        );
                    }

                    step = (Key(node, unit) << NodeBits) | (uint)ids.Count;
                    ids.Add(-1);
                }

                node = (int)(step & ((1 << NodeBits) - 1));
            }

            if (node > 0)
            {
                ids[node] = id;
            }
        }

        _ids = [.. ids];
    }

    /// <summary>The node behind another and a unit; 0, which is the beginning, where there is none.</summary>
    public int Step(int node, char unit) => (int)(Slot(node, unit) & ((1 << NodeBits) - 1));

    /// <summary>The piece that ends at a node, or -1.</summary>
    public int this[int node] => _ids[node];

    /// <summary>The piece that is this text as a whole, or -1.</summary>
    public int Find(ReadOnlySpan<char> text)
    {
        int node = 0;
        foreach (char unit in text)
        {
            node = Step(node, unit);
            if (node == 0)
            {
                return -1;
            }
        }

        return _ids[node];
    }

    ref ulong Slot(int node, char unit)
    {
        ulong key = Key(node, unit);
        for (
            ulong at = (key * 0x9E3779B97F4A7C15) >> _shift;
            ;
            at = (at + 1) & (ulong)(_steps.Length - 1)
        )
        {
            ref ulong step = ref _steps[at];
            if (step == 0 || step >> NodeBits == key)
            {
                return ref step;
            }
        }
    }

    static ulong Key(int node, char unit) => ((ulong)node << UnitBits) | unit;
}
