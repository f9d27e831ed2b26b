using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>
/// Compares configurations in interleaved rounds. In each round every candidate runs once, in an order shuffled anew,
/// so that a neighbour's load or a falling clock rate hits all of them alike.
/// </summary>
/// <remarks>
/// Looking after each round whether the intervals are narrow makes their coverage slightly less than stated; the
/// least number of rounds bounds this. Nothing else should run in the process meanwhile: processor time is that of
/// all its threads.
/// </remarks>
public sealed class TimeMeter(
    TimeProvider? time = null,
    CpuClock? cpu = null,
    EnergyMeter? energy = null
)
{
    const int LeastWarmUps = 2;

    readonly TimeProvider _time = time ?? TimeProvider.System;
    readonly CpuClock _cpu = cpu ?? CpuClock.OfThisProcess();
    readonly EnergyMeter _energy = energy ?? new EnergyMeter();

    /// <param name="report">Is told after each round the share of the time, or of the rounds, that is used up; 1 not before the least rounds are done.</param>
    /// <exception cref="ArgumentException">No candidates, a name twice, no examples, or rounds that make no sense.</exception>
    public Comparison Compare(
        IReadOnlyList<Candidate> candidates,
        Rounds rounds,
        Rng rng,
        Action<double>? report = null,
        CancellationToken cancel = default
    )
    {
        Check(candidates, rounds);
        long start = _time.GetTimestamp();
        WarmUp(candidates, rounds, start, cancel);
        Record[] records = [.. candidates.Select(_ => new Record())];
        int[] order = [.. Enumerable.Range(0, candidates.Count)];
        for (int done = 0; ; )
        {
            long begun = _time.GetTimestamp();
            rng.Split((ulong)done).Shuffle<int>(order);
            foreach (int i in order)
            {
                cancel.ThrowIfCancellationRequested();
                Run(candidates[i], records[i]);
            }

            done++;
            report?.Invoke(
                Math.Clamp(
                    Math.Max(
                        Seconds(start, _time.GetTimestamp()) / rounds.Seconds,
                        (double)done / rounds.Most
                    ),
                    0,
                    Math.Min(1, (double)done / rounds.Least)
                )
            );
            bool settled = records.All(r =>
                Statistics.Median(r.Milliseconds).IsWithin(rounds.Width)
            );
            double afterNext =
                Seconds(start, _time.GetTimestamp()) + Seconds(begun, _time.GetTimestamp());
            bool stop = settled || afterNext > rounds.Seconds || done >= rounds.Most;
            if (done >= rounds.Least && stop)
            {
                Timing[] timings =
                [
                    .. candidates.Select((candidate, i) => Summarize(candidate, records[i])),
                ];
                return new Comparison(timings, done, settled, _energy.Source);
            }
        }
    }

    void WarmUp(
        IReadOnlyList<Candidate> candidates,
        Rounds rounds,
        long start,
        CancellationToken cancel
    )
    {
        for (
            int done = 0;
            done < LeastWarmUps
                || done < rounds.Most
                    && Seconds(start, _time.GetTimestamp()) < rounds.WarmUpSeconds;
            done++
        )
        {
            foreach (Candidate candidate in candidates)
            {
                cancel.ThrowIfCancellationRequested();
                candidate.Answer();
            }
        }
    }

    void Run(Candidate candidate, Record record)
    {
        EnergyReading energy = _energy.Now();
        TimeSpan cpu = _cpu.Now;
        long begun = _time.GetTimestamp();
        candidate.Answer();
        long ended = _time.GetTimestamp();
        record.CoreSeconds += (_cpu.Now - cpu).TotalSeconds;
        record.Milliseconds.Add(1000 * Seconds(begun, ended) / candidate.Examples);
        EnergyReading after = _energy.Now();
        if (_energy.Origin == Origin.Measured)
        {
            record.Joules.Add(_energy.Joules(energy, after) / candidate.Examples);
        }
    }

    Timing Summarize(Candidate candidate, Record record)
    {
        int rounds = record.Milliseconds.Count;
        double answered = (double)rounds * candidate.Examples,
            slack = rounds * _cpu.Resolution.TotalSeconds;
        Estimate cores = new(
            record.CoreSeconds / answered,
            Math.Max(0, record.CoreSeconds - slack) / answered,
            (record.CoreSeconds + slack) / answered,
            rounds,
            Origin.Measured
        );
        return new Timing(
            candidate.Name,
            candidate.Examples,
            record.Milliseconds,
            Statistics.Median(record.Milliseconds),
            cores,
            _energy.Origin == Origin.Measured
                ? Statistics.Median(record.Joules)
                : _energy.Modelled(cores)
        );
    }

    double Seconds(long from, long to) => _time.GetElapsedTime(from, to).TotalSeconds;

    static void Check(IReadOnlyList<Candidate> candidates, Rounds rounds)
    {
        if (candidates.Count == 0)
        {
            throw new ArgumentException(
                "There is nothing to compare; give one candidate at least."
            );
        }

        HashSet<string> names = [];
        foreach (Candidate candidate in candidates)
        {
            if (!names.Add(candidate.Name))
            {
                throw new ArgumentException(
                    $"Two candidates are called '{candidate.Name}'; give each a name of its own."
                );
            }

            if (candidate.Examples < 1)
            {
                throw new ArgumentException(
                    $"Candidate '{candidate.Name}' answers {candidate.Examples} examples; a time per example needs one."
                );
            }
        }

        bool sensible =
            rounds.Least >= 1
            && rounds.Most >= rounds.Least
            && rounds.Seconds >= 0
            && rounds.Width > 0
            && rounds.WarmUpSeconds >= 0;
        if (!sensible)
        {
            throw new ArgumentException(
                $"{rounds} cannot be run; Least is at least 1, Most at least Least, Width above 0, times not negative."
            );
        }
    }

    sealed class Record
    {
        public List<double> Milliseconds { get; } = [];
        public List<double> Joules { get; } = [];
        public double CoreSeconds { get; set; }
    }
}
