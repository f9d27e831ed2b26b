namespace Espalier.Data;

/// <summary>Which name somebody meant who wrote another.</summary>
public static class Nearest
{
    /// <summary>The name that takes the fewest edits.</summary>
    public static string Of(string word, IEnumerable<string> names) =>
        names.MinBy(name => Edits(word, name))!;

    /// <summary>The name that is likely meant: a third of its letters differ at most, or it begins so; null: none is.</summary>
    public static string? Likely(string word, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length == 0)
        {
            return null;
        }

        string nearest = Of(word, all);
        int letters = Math.Max(word.Length, nearest.Length);
        return Edits(word, nearest) <= Math.Max(1, letters / 3) ? nearest
            : word.Trim('-').Length >= 3
                ? all.FirstOrDefault(n => n.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            : null;
    }

    /// <summary>Levenshtein's distance, with two letters in the wrong order as one edit; the case of letters does not count.</summary>
    static int Edits(string a, string b)
    {
        (a, b) = (a.ToLowerInvariant(), b.ToLowerInvariant());
        int[] above = [.. Enumerable.Range(0, b.Length + 1)],
            twoAbove = above;
        for (int i = 1; i <= a.Length; i++)
        {
            int[] row = new int[b.Length + 1];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, 1 + Math.Min(above[j], row[j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], twoAbove[j - 2] + 1);
                }
            }

            (twoAbove, above) = (above, row);
        }

        return above[^1];
    }
}
