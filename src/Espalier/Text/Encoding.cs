namespace Espalier.Text;

/// <summary>
/// A text as a model reads it. Offsets count code points of the text the token came from, half
/// open, and are (0, 0) for the special tokens put around it.
/// </summary>
public sealed record Encoding(
    int[] Ids,
    int[] TypeIds,
    string[] Tokens,
    (int Start, int End)[] Offsets
);

/// <summary>The part of an encoding that models compute with.</summary>
public readonly record struct TokenIds(int[] Ids, int[] TypeIds);

/// <summary>A token found in a text; the place counts UTF-16 units.</summary>
readonly record struct Token(int Id, int Start, int End, bool Added = false);
