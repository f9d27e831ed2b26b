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

/// <summary>
/// How long to compare: until every interval is no wider than <paramref name="Width"/> of its median, the time is
/// used up, or the most rounds are done.
/// </summary>
/// <param name="Seconds">For everything, warm-up included. The least rounds are run all the same.</param>
/// <param name="WarmUpSeconds">Rounds are thrown away for so long, at least two: code is compiled, caches fill.</param>
public sealed record Rounds(
    double Seconds = 20,
    int Least = 5,
    int Most = 200,
    double Width = 0.05,
    double WarmUpSeconds = 0.5
);

/// <summary>What comparing said of one candidate.</summary>
/// <param name="RoundMilliseconds">Per example, of each round in turn; round i is the same stretch of time for all.</param>
/// <param name="MillisecondsPerExample">Median over the rounds.</param>
/// <param name="CoreSecondsPerExample">
/// Processor time of the whole process over all rounds, per example; the interval is what the clock's resolution
/// leaves open.
/// </param>
/// <param name="JoulesPerExample">Its origin says whether it was measured.</param>
public sealed record Timing(
    string Name,
    int Examples,
    IReadOnlyList<double> RoundMilliseconds,
    Estimate MillisecondsPerExample,
    Estimate CoreSecondsPerExample,
    Estimate JoulesPerExample
);

/// <param name="Settled">All intervals became as narrow as asked; otherwise time or rounds ran out first.</param>
/// <param name="EnergySource">What the joules are, in words.</param>
public sealed record Comparison(
    IReadOnlyList<Timing> Timings,
    int Rounds,
    bool Settled,
    string EnergySource
)
{
    public Timing this[string name] =>
        Timings.FirstOrDefault(t => t.Name == name)
        ?? throw new ArgumentException(
            $"'{name}' was not compared; there are {string.Join(", ", Timings.Select(t => t.Name))}."
        );

    /// <summary>How many times faster than <paramref name="over"/>, from the quotient within each round.</summary>
    public Estimate SpeedUp(string name, string over) =>
        Statistics.Ratio(this[over].RoundMilliseconds, this[name].RoundMilliseconds);
}
