namespace Espalier.Data;

/// <summary>
/// Texts that stand in a split twice, or in two splits: counted by 64-bit hashes, 8 bytes a text, of which even ten
/// million have no pair of equals by chance.
/// </summary>
static class Repeats
{
    /// <summary>Tells of repeats within the splits and between training and what quality is reported on.</summary>
    public static void Warn(
        Split? train,
        Split test,
        string trainName,
        string testName,
        DataProblems problems
    )
    {
        ulong[]? trained = null;
        if (train is not null)
        {
            trained = Sorted(train);
            WarnOfOwn(trained, trainName, "they count as often as they stand there", problems);
        }

        ulong[] judged = Sorted(test);
        WarnOfOwn(judged, testName, "quality counts each of them", problems);
        int leaked = trained is null
            ? 0
            : judged.Count(hash => Array.BinarySearch(trained, hash) >= 0);
        if (leaked > 0)
        {
            problems.Warn(
                $"{leaked} of {test.Count} test examples also stand in the training file; quality on them is memory."
            );
        }
    }

    static void WarnOfOwn(ulong[] sorted, string name, string so, DataProblems problems)
    {
        int repeats = 0;
        for (int i = 1; i < sorted.Length; i++)
        {
            repeats += sorted[i] == sorted[i - 1] ? 1 : 0;
        }

        if (repeats > 0)
        {
            problems.Warn(
                $"{name}: {repeats} of {DataProblems.Counted(sorted.Length, "example")} repeat a text that stands before them; {so}."
            );
        }
    }

    static ulong[] Sorted(Split split)
    {
        ulong[] hashes = new ulong[split.Count];
        int i = 0;
        foreach (Example example in split.Examples)
        {
            hashes[i++] = Hash(Hash(14695981039346656037, example.Text), example.Pair);
        }

        Array.Sort(hashes);
        return hashes;
    }

    /// <summary>FNV-1a, a text's end marked by what no UTF-16 text holds alone.</summary>
    static ulong Hash(ulong hash, string? text)
    {
        foreach (char c in text ?? "")
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return (hash ^ 0xDFFF_FFFF) * 1099511628211;
    }
}
