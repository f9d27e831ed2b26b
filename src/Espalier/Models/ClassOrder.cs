namespace Espalier.Models;

/// <summary>Which output of a classifier stands for which class of a task: by name, because two of them may count differently.</summary>
public static class ClassOrder
{
    const string Unnamed = "LABEL_";

    /// <summary>
    /// For each wanted class the output of that name, exactly so or else without regard to case; null where some have
    /// none, or the classifier has more.
    /// </summary>
    public static int[]? Of(IReadOnlyList<string> outputs, IReadOnlyList<string> wanted) =>
        outputs.Count != wanted.Count
            ? null
            : Find(outputs, wanted, StringComparer.Ordinal)
                ?? Find(outputs, wanted, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether all have the names that transformers gives to classes that nobody named.</summary>
    public static bool AreUnnamed(IReadOnlyList<string> outputs) =>
        outputs.All(name =>
            name.StartsWith(Unnamed, StringComparison.Ordinal)
            && name.Length > Unnamed.Length
            && !name.AsSpan(Unnamed.Length).ContainsAnyExceptInRange('0', '9')
        );

    /// <summary>Names for a sentence, the first five.</summary>
    public static string Show(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(5)) + (names.Count > 5 ? $" … ({names.Count})" : "");

    static int[]? Find(
        IReadOnlyList<string> outputs,
        IReadOnlyList<string> wanted,
        StringComparer comparer
    )
    {
        Dictionary<string, int> places = new(comparer);
        for (int i = 0; i < outputs.Count; i++)
        {
            if (!places.TryAdd(outputs[i], i))
            {
                return null;
            }
        }

        int[] found = [.. wanted.Select(name => places.GetValueOrDefault(name, -1))];
        return found.Contains(-1) || found.Distinct().Count() < found.Length ? null : found;
    }
}
