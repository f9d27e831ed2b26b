namespace Espalier.Measuring;

/// <summary>What timing over a split said of one candidate.</summary>
/// <param name="MillisecondsPerExample">Mean over the split; the interval covers what <see cref="TimedSet.Covers"/> says.</param>
/// <param name="CoreSecondsPerExample">Processor time of the whole process; bounds from the clock's resolution.</param>
/// <param name="JoulesPerExample">Its origin says whether it was measured.</param>
public sealed record SplitTiming(
    string Name,
    TimedSet Set,
    Estimate MillisecondsPerExample,
    Estimate CoreSecondsPerExample,
    Estimate JoulesPerExample
);

/// <summary>All candidates of one sitting.</summary>
public sealed class SplitComparison
{
    readonly SplitRecord[] _records;
    readonly EnergyMeter _energy;

    internal SplitComparison(SplitRecord[] records, int passes, bool settled, EnergyMeter energy) =>
        (_records, Passes, Settled, _energy) = (records, passes, settled, energy);

    public int Passes { get; }

    /// <summary>All intervals became as narrow as asked; otherwise time or passes ran out first.</summary>
    public bool Settled { get; }

    /// <summary>What the joules are, in words.</summary>
    public string EnergySource => _energy.Source;

    public SplitTiming this[string name]
    {
        get
        {
            SplitRecord record = Of(name);
            Estimate cores = record.CoreSeconds();
            return new SplitTiming(
                name,
                record.Set,
                record.Milliseconds(),
                cores,
                record.CountedJoules() ?? _energy.Modelled(cores)
            );
        }
    }

    /// <summary>How many times faster than <paramref name="over"/>, in pairs of blocks and passes of this sitting.</summary>
    public Estimate SpeedUp(string name, string over) =>
        Of(name).Fit.SpeedUp(Of(over).Fit, Of(name).Milliseconds().N);

    SplitRecord Of(string name) =>
        Array.Find(_records, r => r.Candidate.Name == name)
        ?? throw new ArgumentException(
            $"'{name}' was not compared; there are {string.Join(", ", _records.Select(r => r.Candidate.Name))}."
        );
}
