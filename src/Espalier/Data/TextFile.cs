using Espalier.Data.Files;

namespace Espalier.Data;

/// <summary>A text of a table, with the other text of a pair, and the line that its row begins on.</summary>
public readonly record struct TextRow(string Text, string? Pair, int Line);

/// <summary>Texts without labels from a table: CSV or TSV, both with quotes as in RFC 4180, with a line of names.</summary>
public static class TextFile
{
    /// <summary>Whether a file of that name is a table, and so has no texts but in its columns.</summary>
    public static bool IsTable(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".tsv";

    /// <summary>The names in the first line, for a sentence.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read or is no text.</exception>
    public static string ColumnsOf(string path)
    {
        DataProblems problems = new();
        DataText? file = DataText.FromFile(path, problems);
        problems.ThrowIfAny();
        return DataProblems.QuoteAll(CsvRows.Header(file!, Separator(path)));
    }

    /// <exception cref="InvalidDataException">The file is refused: one sentence for each problem.</exception>
    public static IEnumerable<TextRow> Read(string path, string text, string? pair)
    {
        DataProblems problems = new();
        string[] columns = pair is null ? [text] : [text, pair];
        PackedRows rows = TableFiles.Rows(path, columns, problems);
        problems.ThrowIfAny();
        return rows.Select(row => new TextRow(
            row.Values[0],
            pair is null ? null : row.Values[1],
            row.Line
        ));
    }

    static char Separator(string path) =>
        Path.GetExtension(path).Equals(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',';
}
