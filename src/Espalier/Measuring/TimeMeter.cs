using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>
/// Compares configurations in interleaved rounds. In each round every candidate runs once, in an order shuffled anew,
/// so that a neighbour's load or a falling clock rate hits all of them alike.
/// </summary>
public sealed class TimeMeter(TimeProvider? time = null)
{
    readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <param name="report">Is told after each round the share of the time, or of the rounds, that is used up.</param>
    /// <exception cref="ArgumentException">No candidates, a name twice, no examples, or rounds that make no sense.</exception>
    public Comparison Compare(
        IReadOnlyList<Candidate> candidates,
        Rounds rounds,
        Rng rng,
        Action<double>? report = null,
        CancellationToken cancel = default
    )
    {
        rounds.Check(candidates.Select(c => c.Name));
        if (candidates.FirstOrDefault(c => c.Examples < 1) is { } none)
        {
            throw new ArgumentException(
                $"Candidate '{none.Name}' answers {none.Examples} examples; a time per example needs one."
            );
        }

        List<double>[] times = [.. candidates.Select(_ => new List<double>())];
        int[] order = [.. Enumerable.Range(0, candidates.Count)];
        var (done, settled) = rounds.Run(
            _time,
            rounds.Most,
            _ =>
            {
                foreach (Candidate candidate in candidates)
                {
                    cancel.ThrowIfCancellationRequested();
                    candidate.Answer();
                }
            },
            (round, tell) =>
            {
                rng.Split((ulong)round).Shuffle<int>(order);
                foreach (int i in order)
                {
                    cancel.ThrowIfCancellationRequested();
                    long started = _time.GetTimestamp();
                    candidates[i].Answer();
                    double took = _time.GetElapsedTime(started).TotalSeconds;
                    times[i].Add(1000 * took / candidates[i].Examples);
                }

                tell(1);
            },
            () => times.Select(Statistics.Median),
            report
        );
        return new Comparison(
            [.. candidates.Select((c, i) => new Timing(c.Name, times[i]))],
            done,
            settled
        );
    }
}
