using Espalier.Tensors;

namespace Espalier.Measuring;

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
        passes.Check(candidates.Select(c => c.Name));
        Check(candidates);
        SplitRecord[] records = [.. candidates.Select(c => new SplitRecord(c, _cpu.Resolution))];
        int blocks = candidates[0].Sample.Blocks.Count;
        int[] order = [.. Enumerable.Range(0, candidates.Count)],
            turns = [.. Enumerable.Range(0, blocks)];
        var (done, settled) = passes.Run(
            _time,
            passes.Most * blocks,
            warmed =>
            {
                foreach (SplitCandidate candidate in candidates)
                {
                    cancel.ThrowIfCancellationRequested();
                    candidate.AnswerBlock(warmed % blocks);
                }
            },
            (pass, tell) =>
            {
                foreach (SplitRecord record in records)
                {
                    record.BeginPass();
                }

                Rng chance = rng.Split((ulong)pass);
                chance.Split("blocks").Shuffle<int>(turns);
                for (int turn = 0; turn < blocks; turn++)
                {
                    chance.Split((ulong)turn).Shuffle<int>(order);
                    foreach (int i in order)
                    {
                        cancel.ThrowIfCancellationRequested();
                        Run(records[i], turns[turn]);
                    }

                    tell((turn + 1.0) / blocks);
                }
            },
            () => records.Select(r => r.Milliseconds()),
            report
        );
        return new SplitComparison(records, done, settled, _energy);
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

    static void Check(IReadOnlyList<SplitCandidate> candidates)
    {
        foreach (SplitCandidate candidate in candidates)
        {
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
    }
}
