using System.Buffers;
using System.Globalization;
using System.Text;

namespace Espalier.Text.Pieces;

/// <summary>Makes text of tokens, one after the other; what is not certain yet is held back.</summary>
abstract class Joining
{
    public abstract void Add(string token, StringBuilder text);

    /// <summary>Puts down what was held back.</summary>
    public virtual void Finish(StringBuilder text) { }
}

/// <summary>A space between each two tokens, as where tokenizer.json has no decoder.</summary>
sealed class SpacedJoining : Joining
{
    bool _began;

    public override void Add(string token, StringBuilder text)
    {
        text.Append(_began ? " " : "").Append(token);
        _began = true;
    }
}

/// <summary>
/// Byte-level BPE: each character stands for a byte. Bytes that are no UTF-8 become U+FFFD, one
/// for each longest part that could have begun a character.
/// </summary>
sealed class ByteJoining : Joining
{
    readonly Decoder _decoder = System.Text.Encoding.UTF8.GetDecoder();

    public override void Add(string token, StringBuilder text)
    {
        Span<byte> bytes = stackalloc byte[256];
        if (token.Length > bytes.Length)
        {
            bytes = new byte[token.Length];
        }

        bool plain = true;
        for (int i = 0; plain && i < token.Length; i++)
        {
            plain = ByteAlphabet.TryByte(token[i], out bytes[i]);
        }

        Add(plain ? bytes[..token.Length] : System.Text.Encoding.UTF8.GetBytes(token), text, false);
    }

    public override void Finish(StringBuilder text) => Add([], text, flush: true);

    void Add(ReadOnlySpan<byte> bytes, StringBuilder text, bool flush)
    {
        char[] units = ArrayPool<char>.Shared.Rent(bytes.Length + 4);
        text.Append(units, 0, _decoder.GetChars(bytes, units, flush));
        ArrayPool<char>.Shared.Return(units);
    }
}

/// <summary>SentencePiece's mark is a space, but for those of the first token, where one was put in front.</summary>
sealed class MarkJoining(char mark, bool keepsFirst) : Joining
{
    bool _keeps = keepsFirst;

    public override void Add(string token, StringBuilder text)
    {
        text.Append(_keeps ? token.Replace(mark, ' ') : token.Replace($"{mark}", ""));
        _keeps = true;
    }
}

/// <summary>
/// SentencePiece with bytes: characters are replaced, and tokens such as &lt;0xE2&gt; in a row are
/// the UTF-8 of a text, or U+FFFD each where all of them together are none: so they are held back
/// to the last of the row. Spaces in front that stand for none are taken off.
/// </summary>
sealed class FallbackJoining(
    IReadOnlyList<(string From, string To)> replacements,
    bool readsBytes,
    char stripped,
    int strips
) : Joining
{
    readonly List<byte> _bytes = [];
    int _left = strips;

    public override void Add(string token, StringBuilder text)
    {
        foreach ((string from, string to) in replacements)
        {
            token = token.Replace(from, to, StringComparison.Ordinal);
        }

        if (readsBytes && TryByte(token, out byte value))
        {
            _bytes.Add(value);
            return;
        }

        Finish(text);
        Put(token, text);
    }

    public override void Finish(StringBuilder text)
    {
        byte[] bytes = [.. _bytes];
        _bytes.Clear();
        Put(
            System.Text.Unicode.Utf8.IsValid(bytes)
                ? System.Text.Encoding.UTF8.GetString(bytes)
                : new string('\uFFFD', bytes.Length),
            text
        );
    }

    void Put(string part, StringBuilder text)
    {
        int start = 0;
        while (start < part.Length && _left > 0)
        {
            _left = part[start] == stripped ? _left - 1 : 0;
            start += part[start] == stripped ? 1 : 0;
        }

        text.Append(part, start, part.Length - start);
    }

    static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6
            && token.StartsWith("<0x", StringComparison.Ordinal)
            && token[5] == '>'
            && byte.TryParse(
                token.AsSpan(3, 2),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out value
            );
    }
}
