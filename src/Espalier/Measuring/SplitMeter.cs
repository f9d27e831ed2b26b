using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>
/// How long to take times over a split: until every interval is no wider than <paramref name="Width"/> of its value, the
/// time is used up, or the most passes are done.
/// </summary>
/// <param name="Seconds">For everything, warm-up included. The least passes are run all the same.</param>
/// <param name="Least">Three, so that a median is none of the extremes.</param>
/// <param name="WarmUpSeconds">Rounds are thrown away for so long, at least two: code is compiled, caches fill.</param>
public sealed record Passes(
    double Seconds = 20,
    int Least = 3,
    int Most = 15,
    double Width = 0.05,
    double WarmUpSeconds = 0.5
);

/// <summary>
/// Takes the time per example of many models over one split. A round is one block of the sample, answered by every model in
/// an order shuffled anew; a pass is all blocks. What slows a stretch of time hits all models of its rounds alike, and
/// each example's median over passes leaves single bursts out.
/// </summary>
/// <remarks>Nothing else should run in the process meanwhile: processor time is that of all its threads.</remarks>
public sealed class SplitMeter(
    TimeProvider? time = null,
    CpuClock? cpu = null,
    EnergyMeter? energy = null
)
{
    const int LeastWarmUps = 2;

    readonly TimeProvider _time = time ?? TimeProvider.System;
    readonly CpuClock _cpu = cpu ?? CpuClock.OfThisProcess();
    readonly EnergyMeter _energy = energy ?? new EnergyMeter();

    /// <param name="report">Is told after each round the share of the time, or of the passes, that is used up.</param>
    /// <exception cref="ArgumentException">No candidates, a name twice, samples of different blocks, or passes that make no sense.</exception>
    public SplitComparison Compare(
        IReadOnlyList<SplitCandidate> candidates,
        Passes passes,
        Rng rng,
        Action<double>? report = null,
        CancellationToken cancel = default
    )
    {
        Check(candidates, passes);
        long start = _time.GetTimestamp();
        WarmUp(candidates, passes, start, cancel);
        SplitRecord[] records = [.. candidates.Select(c => new SplitRecord(c, _cpu.Resolution))];
        int blocks = candidates[0].Sample.Blocks.Count;
        int[] order = [.. Enumerable.Range(0, candidates.Count)],
            turns = [.. Enumerable.Range(0, blocks)];
        for (int done = 0; ; )
        {
            long begun = _time.GetTimestamp();
            foreach (SplitRecord record in records)
            {
                record.BeginPass();
            }

            Rng chance = rng.Split((ulong)done);
            chance.Split("blocks").Shuffle<int>(turns);
            for (int turn = 0; turn < blocks; turn++)
            {
                chance.Split((ulong)turn).Shuffle<int>(order);
                foreach (int i in order)
                {
                    cancel.ThrowIfCancellationRequested();
                    Run(records[i], turns[turn]);
                }

                report?.Invoke(Share(start, passes, done + (turn + 1.0) / blocks));
            }

            done++;
            bool settled = records.All(r => r.Milliseconds().IsWithin(passes.Width));
            double afterNext = Seconds(start) + Seconds(begun);
            bool stop = settled || afterNext > passes.Seconds || done >= passes.Most;
            if (done >= passes.Least && stop)
            {
                return new SplitComparison(records, done, settled, _energy);
            }
        }
    }

    void WarmUp(
        IReadOnlyList<SplitCandidate> candidates,
        Passes passes,
        long start,
        CancellationToken cancel
    )
    {
        int blocks = candidates[0].Sample.Blocks.Count;
        for (
            int done = 0;
            done < LeastWarmUps
                || done < passes.Most * blocks && Seconds(start) < passes.WarmUpSeconds;
            done++
        )
        {
            foreach (SplitCandidate candidate in candidates)
            {
                cancel.ThrowIfCancellationRequested();
                candidate.AnswerBlock(done % blocks);
            }
        }
    }

    void Run(SplitRecord record, int block)
    {
        EnergyReading energy = _energy.Now();
        TimeSpan cpu = _cpu.Now;
        double milliseconds = 0;
        for (int batch = 0; batch < record.Candidate.Sample.Blocks[block].Count; batch++)
        {
            long begun = _time.GetTimestamp();
            record.Candidate.Answer(block, batch);
            double took = _time.GetElapsedTime(begun).TotalMilliseconds;
            record.Add(block, batch, took);
            milliseconds += took;
        }

        double cores = (_cpu.Now - cpu).TotalSeconds;
        record.EndRound(
            milliseconds,
            cores,
            _energy.Origin == Origin.Measured ? _energy.Joules(energy, _energy.Now()) : null
        );
    }

    double Share(long start, Passes passes, double done) =>
        Math.Clamp(
            Math.Max(Seconds(start) / passes.Seconds, done / passes.Most),
            0,
            Math.Min(1, done / passes.Least)
        );

    double Seconds(long from) => _time.GetElapsedTime(from).TotalSeconds;

    static void Check(IReadOnlyList<SplitCandidate> candidates, Passes passes)
    {
        if (candidates.Count == 0)
        {
            throw new ArgumentException("There is nothing to time; give one candidate at least.");
        }

        HashSet<string> names = [];
        foreach (SplitCandidate candidate in candidates)
        {
            if (!names.Add(candidate.Name))
            {
                throw new ArgumentException(
                    $"Two candidates are called '{candidate.Name}'; give each a name of its own."
                );
            }

            int blocks = candidate.Sample.Blocks.Count,
                first = candidates[0].Sample.Blocks.Count;
            if (blocks != first)
            {
                throw new ArgumentException(
                    $"'{candidate.Name}' is timed in {blocks} blocks and '{candidates[0].Name}' in {first}; all candidates need the blocks of one sample."
                );
            }

            if (
                candidate.Tokens.Count != candidate.Sample.SplitExamples
                || candidate.Layers.Count != candidate.Sample.SplitExamples
            )
            {
                throw new ArgumentException(
                    $"'{candidate.Name}' tells the tokens of {candidate.Tokens.Count} and the layers of {candidate.Layers.Count} examples; the split has {candidate.Sample.SplitExamples}."
                );
            }
        }

        bool sensible =
            passes.Least >= 1
            && passes.Most >= passes.Least
            && passes.Seconds >= 0
            && passes.Width > 0
            && passes.WarmUpSeconds >= 0;
        if (!sensible)
        {
            throw new ArgumentException(
                $"{passes} cannot be run; Least is at least 1, Most at least Least, Width above 0, times not negative."
            );
        }
    }
}
