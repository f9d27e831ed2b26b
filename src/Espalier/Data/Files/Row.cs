namespace Espalier.Data.Files;

/// <summary>The values of the columns asked for, and the line that the row begins on.</summary>
readonly record struct Row(int Line, string[] Values);

static class Columns
{
    /// <summary>Where the columns asked for stand in the header; null after telling which do not.</summary>
    public static int[]? Find(
        string path,
        IReadOnlyList<string> columns,
        IReadOnlyList<string> header,
        DataProblems problems
    )
    {
        int before = problems.Count;
        int[] places = new int[columns.Count];
        for (int c = 0; c < places.Length; c++)
        {
            int[] found =
            [
                .. Enumerable.Range(0, header.Count).Where(h => header[h] == columns[c]),
            ];
            if (found.Length == 1)
            {
                places[c] = found[0];
            }
            else
            {
                problems.Add(
                    $"{path}:1: {(found.Length == 0 ? "no" : "more than one")} column '{columns[c]}'; the columns are {DataProblems.QuoteAll(header)}."
                );
            }
        }

        return problems.Count == before ? places : null;
    }
}
