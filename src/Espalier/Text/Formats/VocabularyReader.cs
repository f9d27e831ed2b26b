using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Reads vocabularies and merges, refusing what would make ids or tokens ambiguous.</summary>
static class VocabularyReader
{
    /// <summary>
    /// Ids may have holes, as Hugging Face allows, but not more holes than tokens (and 1,024): so
    /// that no table is larger than the file justifies.
    /// </summary>
    public static int IdLimit(int tokens) => checked((2 * tokens) + 1024);

    public static Vocabulary FromJson(JsonField field)
    {
        Dictionary<int, string> byId = [];
        List<(string, int)> entries = [];
        int limit = IdLimit(field.Members().Count());
        foreach ((string token, JsonField value) in field.Members())
        {
            int id = value.Number(limit);
            if (!byId.TryAdd(id, token))
            {
                throw value.Refuse($"id {id} already belongs to the token '{byId[id]}'.");
            }

            entries.Add((token, id));
        }

        return entries.Count > 0
            ? new Vocabulary(entries)
            : throw field.Refuse("the vocabulary is empty.");
    }

    /// <summary>vocab.txt: the token of id n stands in line n + 1.</summary>
    public static Vocabulary FromLines(string file, byte[] bytes)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        foreach (string line in Lines(file, bytes))
        {
            // White space at the end is no part of a token, unless nothing else would tell it apart.
            string trimmed = line.TrimEnd();
            string token = trimmed.Length == 0 || ids.ContainsKey(trimmed) ? line : trimmed;
            if (!ids.TryAdd(token, ids.Count))
            {
                throw new InvalidDataException(
                    $"{file}: line {ids.Count + 1}: the token '{token}' already stands in line "
                        + $"{ids[token] + 1}; each line must hold another token."
                );
            }
        }

        return ids.Count > 0
            ? new Vocabulary(ids.Select(e => (e.Key, e.Value)))
            : throw new InvalidDataException($"{file}: the vocabulary is empty.");
    }

    public static Merge Merge(
        Vocabulary vocabulary,
        string left,
        string right,
        Func<string, InvalidDataException> refuse
    )
    {
        int Id(string token) =>
            vocabulary.TryId(token, out int id)
                ? id
                : throw refuse(
                    $"the merge of '{left}' and '{right}' needs the token '{token}', "
                        + "which the vocabulary lacks."
                );
        return new Merge(Id(left), Id(right), Id(left + right));
    }

    /// <summary>merges.txt: two tokens a line, the first line may say the version.</summary>
    public static List<Merge> MergesFromLines(string file, byte[] bytes, Vocabulary vocabulary)
    {
        List<Merge> merges = [];
        int number = 0;
        foreach (string line in Lines(file, bytes))
        {
            number++;
            if (line.StartsWith("#version", StringComparison.Ordinal) || line.Length == 0)
            {
                continue;
            }

            InvalidDataException Refuse(string why) => new($"{file}: line {number}: {why}");
            string[] sides = line.Split(' ');
            merges.Add(
                sides.Length == 2
                    ? Merge(vocabulary, sides[0], sides[1], Refuse)
                    : throw Refuse("two tokens with one space between them are expected.")
            );
        }

        return merges;
    }

    static IEnumerable<string> Lines(string file, byte[] bytes)
    {
        string text;
        try
        {
            text = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{file}: it is not valid UTF-8: {e.Message}", e);
        }

        string[] lines = text.TrimStart('\uFEFF').Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        return lines.Take(count).Select(line => line.TrimEnd('\r'));
    }
}
