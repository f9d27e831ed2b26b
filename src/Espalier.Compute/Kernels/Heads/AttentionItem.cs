namespace Espalier.Kernels.Heads;

/// <summary>One head of keys of one sequence, with the heads of queries that it serves.</summary>
/// <param name="Group">How many these are; <paramref name="FirstHead"/> is the first.</param>
/// <param name="Start">Row of the first query.</param>
/// <param name="Rows">Queries, padding among them; <paramref name="Queries"/> are real.</param>
/// <param name="KeyRows">Keys, padding among them; <paramref name="Keys"/> are real.</param>
/// <param name="Probabilities">Where those of the first head start.</param>
readonly record struct AttentionItem(
    AttentionForm Form,
    int KeyHead,
    int FirstHead,
    int Group,
    int Start,
    int Rows,
    int Queries,
    int KeyStart,
    int KeyRows,
    int Keys,
    long Probabilities
)
{
    /// <summary>Where a head's probabilities of a query start.</summary>
    public long ProbabilitiesOf(int head, int query) =>
        Probabilities + ((long)(head - FirstHead) * Rows + query) * KeyRows;

    /// <summary>Whether some query sees fewer keys than there are; a short sequence may lie within everyone's reach.</summary>
    public bool Masks => Form.Masks && (Seen(0) != (0, Keys) || Seen(Rows - 1) != (0, Keys));

    public (int First, int Past) Seen(int query) => Form.Seen(query, Queries, Keys);

    /// <summary>Keys that at least one of some queries sees; the first is moved to the start of a register.</summary>
    public (int First, int Past) SeenBy(int query, int count, int register)
    {
        if (!Form.Masks || count == 0)
        {
            return (0, Keys);
        }

        int first = Seen(query).First / register * register;
        return (first, Math.Max(first, Seen(query + count - 1).Past));
    }
}
