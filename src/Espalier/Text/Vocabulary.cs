namespace Espalier.Text;

/// <summary>The model's tokens by id, with holes where an id has none, and back.</summary>
sealed class Vocabulary
{
    readonly string?[] _tokens;
    readonly Dictionary<string, int> _ids;
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _spans;

    /// <summary>Tokens and ids must each be distinct, ids not negative.</summary>
    public Vocabulary(IEnumerable<(string Token, int Id)> entries)
    {
        _ids = new Dictionary<string, int>(StringComparer.Ordinal);
        _spans = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        int size = 0;
        foreach ((string token, int id) in entries)
        {
            _ids.Add(token, id);
            size = Math.Max(size, id + 1);
        }

        _tokens = new string?[size];
        foreach ((string token, int id) in _ids)
        {
            _tokens[id] = token;
        }
    }

    public int Count => _ids.Count;

    /// <summary>Largest id + 1.</summary>
    public int Size => _tokens.Length;

    public string? this[int id] => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public bool TryId(string token, out int id) => _ids.TryGetValue(token, out id);

    public bool TryId(ReadOnlySpan<char> token, out int id) => _spans.TryGetValue(token, out id);

    /// <summary>All tokens in the order of their ids.</summary>
    public IEnumerable<(string Token, int Id)> Entries
    {
        get
        {
            for (int id = 0; id < _tokens.Length; id++)
            {
                if (_tokens[id] is { } token)
                {
                    yield return (token, id);
                }
            }
        }
    }
}
