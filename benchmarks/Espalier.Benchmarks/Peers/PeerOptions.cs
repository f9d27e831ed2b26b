using Espalier.Tensors;

namespace Espalier.Benchmarks.Peers;

/// <param name="Data">Folder that holds <c>mrpc</c>; null: no case with real data.</param>
/// <param name="Only">Cases whose name contains it.</param>
sealed record PeerOptions(string Models, string? Data, int Threads, int Rounds, string Only)
{
    /// <summary>Null where the arguments make no sense.</summary>
    public static PeerOptions? Parse(string[] arguments)
    {
        if (arguments.Length % 2 != 0)
        {
            return null;
        }

        Dictionary<string, string> given = [];
        foreach (string[] pair in arguments.Chunk(2))
        {
            if (!given.TryAdd(pair[0], pair[1]))
            {
                return null;
            }
        }

        string Take(string name, string otherwise) =>
            given.Remove(name, out string? value) ? value : otherwise;
        string models = Take("--models", ""),
            data = Take("--data", ""),
            only = Take("--only", "");
        bool numbers =
            Numeral.TryWhole(Take("--threads", "2"), out int threads)
            & Numeral.TryWhole(Take("--rounds", "11"), out int rounds);
        return numbers && given.Count == 0 && models.Length > 0 && threads > 0 && rounds > 0
            ? new PeerOptions(models, data.Length > 0 ? data : null, threads, rounds, only)
            : null;
    }
}
