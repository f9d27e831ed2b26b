using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>A configuration to compare: a name, and the work that answers a fixed list of examples once.</summary>
/// <param name="Examples">How many examples one call answers.</param>
public sealed record Candidate(string Name, int Examples, Action Answer)
{
    /// <summary>A session that answers these batches one after another at an effort, by the path that users run.</summary>
    public static Candidate Of(
        string name,
        Session session,
        IReadOnlyList<Batch> batches,
        Effort effort
    )
    {
        int largest = batches.Count == 0 ? 0 : batches.Max(b => b.Count);
        Tensor logits = new(largest, session.Model.Config.Outputs);
        int[] exits = new int[largest];
        return new Candidate(
            name,
            batches.Sum(b => b.Count),
            () =>
            {
                foreach (Batch batch in batches)
                {
                    session.Run(batch, effort, logits, exits);
                }
            }
        );
    }
}

/// <summary>What comparing said of one candidate.</summary>
/// <param name="RoundMilliseconds">Per example, of each round in turn; round i is the same stretch of time for all.</param>
public sealed record Timing(string Name, IReadOnlyList<double> RoundMilliseconds)
{
    public Estimate MillisecondsPerExample => Statistics.Median(RoundMilliseconds);
}

/// <param name="Settled">All intervals became as narrow as asked; otherwise time or rounds ran out first.</param>
public sealed record Comparison(IReadOnlyList<Timing> Timings, int Rounds, bool Settled)
{
    public Timing this[string name] =>
        Timings.FirstOrDefault(t => t.Name == name)
        ?? throw new ArgumentException(
            $"'{name}' was not compared; there are {string.Join(", ", Timings.Select(t => t.Name))}."
        );
}
