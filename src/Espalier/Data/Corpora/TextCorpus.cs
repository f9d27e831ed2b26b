using System.Text;
using Espalier.Data.Files;

namespace Espalier.Data.Corpora;

/// <summary>Running text in UTF-8, as it is: nothing is joined, stripped or normalised, as perplexities compare only so.</summary>
public sealed record TextCorpus(string Path, string Text)
{
    /// <summary>Stretches of letters between white space, and the ends of lines: the customary count of WikiText.</summary>
    public long Words
    {
        get
        {
            long words = 0;
            bool inside = false;
            foreach (char c in Text)
            {
                bool space = char.IsWhiteSpace(c);
                words += !space && !inside ? 1 : 0;
                words += c == '\n' ? 1 : 0;
                inside = !space;
            }

            return words;
        }
    }

    public long Bytes => Encoding.UTF8.GetByteCount(Text);

    /// <exception cref="InvalidDataException">The file cannot be read, is empty or is not UTF-8.</exception>
    public static TextCorpus Read(string path)
    {
        DataProblems problems = new();
        DataText? file = DataText.FromFile(path, problems);
        problems.ThrowIfAny();
        return new TextCorpus(path, Encoding.UTF8.GetString(file!.Bytes.Span));
    }
}
