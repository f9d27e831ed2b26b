namespace Espalier.Text.Pieces;

/// <summary>The pieces of a vocabulary by their beginnings: each is a node, and a unit leads from one to the next.</summary>
sealed class PieceTrie
{
    readonly Dictionary<long, int> _steps = [];
    readonly List<int> _ids = [-1]; // of the piece that ends at a node, or -1

    public PieceTrie(Vocabulary vocabulary)
    {
        foreach ((string token, int id) in vocabulary.Entries)
        {
            int node = 0;
            foreach (char unit in token)
            {
                if (!_steps.TryGetValue(Key(node, unit), out int next))
                {
                    next = _ids.Count;
                    _steps.Add(Key(node, unit), next);
                    _ids.Add(-1);
                }

                node = next;
            }

            if (node > 0)
            {
                _ids[node] = id;
            }
        }
    }

    /// <summary>The node behind another and a unit; 0, which is the beginning, where there is none.</summary>
    public int Step(int node, char unit) => _steps.GetValueOrDefault(Key(node, unit));

    /// <summary>The piece that ends at a node, or -1.</summary>
    public int this[int node] => _ids[node];

    static long Key(int node, char unit) => ((long)node << 16) | unit;
}
