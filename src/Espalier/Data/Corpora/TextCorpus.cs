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

    /// <summary>A file as it is; of Parquet the rows of its column <c>text</c>, one behind the other.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read, is empty or is not UTF-8.</exception>
    public static TextCorpus Read(string path)
    {
        DataProblems problems = new();
        if (ParquetRows.Is(path))
        {
            PackedRows rows = ParquetRows.Read([path], ["text"], problems);
            problems.ThrowIfAny();
            return new TextCorpus(path, Joined(rows));
        }

        DataText? file = DataText.FromFile(path, problems);
        problems.ThrowIfAny();
        return new TextCorpus(path, Encoding.UTF8.GetString(file!.Bytes.Span));
    }

    /// <summary>
    /// A row is a line with its end, as the hub has WikiText; an empty row stands for WikiText's empty line, a space and an end, so that the
    /// text is that of wiki.test.raw again.
    /// </summary>
    static string Joined(PackedRows rows)
    {
        StringBuilder text = new();
        for (int row = 0; row < rows.Count; row++)
        {
            string line = rows.Value(row, 0);
            text.Append(line.Length == 0 ? " " : line);
            if (!line.EndsWith('\n'))
            {
                text.Append('\n');
            }
        }

        return text.ToString();
    }
}
