using System.Text;

namespace Espalier.Data;

/// <summary>Collects what is wrong with the data, so that all of it is told at once.</summary>
public sealed class DataProblems
{
    /// <summary>A file of the wrong kind breaks in every line; the first twenty say enough.</summary>
    public const int Shown = 20;

    readonly List<string> _sentences = [];
    readonly List<string> _warnings = [];

    public int Count { get; private set; }

    public IReadOnlyList<string> Warnings => _warnings;

    public void Add(string sentence)
    {
        Count++;
        if (_sentences.Count < Shown)
        {
            _sentences.Add(sentence);
        }
    }

    public void Warn(string sentence) => _warnings.Add(sentence);

    /// <exception cref="InvalidDataException">Something was added; one line each, the first twenty.</exception>
    public void ThrowIfAny()
    {
        if (Count == 0)
        {
            return;
        }

        string more = Count > Shown ? $"\n… and {Count - Shown} more problems of this kind." : "";
        throw new InvalidDataException(string.Join('\n', _sentences) + more);
    }

    internal static string Counted(int count, string noun) =>
        count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    /// <summary>A value from a file as an error may print it: in quotes, short, without control characters.</summary>
    internal static string Quote(string value)
    {
        StringBuilder text = new("'");
        foreach (Rune rune in value.EnumerateRunes())
        {
            if (text.Length > 60)
            {
                text.Append('…');
                break;
            }

            text.Append(Rune.IsControl(rune) ? $"\\u{rune.Value:x4}" : rune.ToString());
        }

        return text.Append('\'').ToString();
    }

    /// <summary>Names in quotes, at most <see cref="Shown"/> of them.</summary>
    internal static string QuoteAll(IReadOnlyList<string> values) =>
        values.Count == 0
            ? "none"
            : string.Join(", ", values.Take(Shown).Select(Quote))
                + (values.Count > Shown ? $" and {values.Count - Shown} more" : "");
}
