using System.Text;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>
/// Turns ids to text one by one, as a model gives them. All that it gives, put together, is what
/// <see cref="Tokenizer.Decode"/> gives; a character of several tokens comes once it is whole.
/// </summary>
public sealed class TextDecoder
{
    readonly Tokenizer _tokenizer;
    readonly Joining _joining;
    readonly bool _skipsSpecial;
    readonly StringBuilder _text = new();

    internal TextDecoder(Tokenizer tokenizer, Joining joining, bool skipsSpecial) =>
        (_tokenizer, _joining, _skipsSpecial) = (tokenizer, joining, skipsSpecial);

    /// <summary>The text that the next id completes, often none; an id that no token has gives nothing.</summary>
    public string Add(int id)
    {
        Put(id);
        return Take();
    }

    /// <summary>What was held back, once no more ids come.</summary>
    public string Finish()
    {
        _joining.Finish(_text);
        return Take();
    }

    internal string All(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            Put(id);
        }

        return Finish();
    }

    void Put(int id)
    {
        if (_tokenizer.TextOf(id, _skipsSpecial) is { } token)
        {
            _joining.Add(token, _text);
        }
    }

    string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
