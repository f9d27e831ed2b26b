using Espalier.Tensors;

namespace Espalier.Cli.Parsing;

/// <summary>Examples of one length, written <c>32x40</c>.</summary>
sealed record BatchShape(int Examples, int Tokens)
{
    const int MostExamples = 4096;
    const int MostTokens = 1 << 16;

    public override string ToString() => $"{Examples}x{Tokens}";

    /// <exception cref="ArgumentException">It is no shape, or larger than any machine's memory.</exception>
    public static BatchShape Parse(string text)
    {
        string[] parts = text.Split('x');
        return
            parts.Length == 2
            && Numeral.TryWhole(parts[0], out int examples)
            && Numeral.TryWhole(parts[1], out int tokens)
            && examples is >= 1 and <= MostExamples
            && tokens is >= 1 and <= MostTokens
            ? new BatchShape(examples, tokens)
            : throw new ArgumentException(
                $"'{text}' is no shape; examples x tokens such as 32x40 was expected, up to {MostExamples}x{MostTokens}."
            );
    }
}
