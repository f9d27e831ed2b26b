namespace Espalier.Cli.Reports;

/// <summary>How wide the columns of a table are, so that no word is broken.</summary>
static class TableLayout
{
    /// <summary>Null where even the widest words do not fit side by side.</summary>
    /// <param name="room">For the text of all columns, without what stands between them.</param>
    public static int[]? Widths(
        IReadOnlyList<string> headers,
        IReadOnlyList<IReadOnlyList<string>> rows,
        int room
    )
    {
        int[] least = Each(headers, rows, Words.Widest),
            wanted = Each(headers, rows, Words.Width);
        if (least.Sum() > room)
        {
            return null;
        }

        // The column that lacks most gets the next place, until all have what they want or nothing is left.
        int[] widths = [.. least];
        for (int left = room - least.Sum(); left > 0; left--)
        {
            int most = Enumerable
                .Range(0, widths.Length)
                .MaxBy(i => (double)wanted[i] / Math.Max(1, widths[i]));
            if (widths[most] >= wanted[most])
            {
                break;
            }

            widths[most]++;
        }

        return widths;
    }

    static int[] Each(
        IReadOnlyList<string> headers,
        IReadOnlyList<IReadOnlyList<string>> rows,
        Func<string, int> of
    ) =>
        [
            .. headers.Select(
                (header, i) =>
                    Math.Max(of(header), rows.Select(r => of(r[i])).DefaultIfEmpty().Max())
            ),
        ];
}
