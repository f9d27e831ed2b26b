namespace Espalier.Measuring;

/// <summary>All times that were taken of one candidate, and what they say.</summary>
sealed class SplitRecord
{
    readonly TimeSpan _resolution;
    readonly Calibration _weights;
    readonly int[] _sizes;
    readonly int[] _blockOf;
    readonly int[] _firstOf;

    // Milliseconds per example of each batch, pass after pass.
    readonly List<double[]> _passes = [];
    readonly List<double> _joulesPerSecond = [];
    double _seconds;
    double _coreSeconds;
    int _rounds;
    SplitFit? _fit;

    public SplitRecord(SplitCandidate candidate, TimeSpan resolution)
    {
        (Candidate, _resolution, _weights) = (candidate, resolution, candidate.Calibrate());
        TimedSample sample = candidate.Sample;
        _sizes = [.. sample.Batches.Select(b => b.Length)];
        _blockOf = [.. sample.Blocks.SelectMany((b, block) => b.Select(_ => block))];
        _firstOf = new int[sample.Blocks.Count];
        for (int block = 1; block < _firstOf.Length; block++)
        {
            _firstOf[block] = _firstOf[block - 1] + sample.Blocks[block - 1].Count;
        }
    }

    public SplitCandidate Candidate { get; }

    public void BeginPass()
    {
        _fit = null;
        _passes.Add(new double[_sizes.Length]);
    }

    public void Add(int block, int batch, double milliseconds)
    {
        int at = _firstOf[block] + batch;
        _passes[^1][at] = milliseconds / _sizes[at];
    }

    public void EndRound(double milliseconds, double coreSeconds, double? joules)
    {
        _seconds += milliseconds / 1000;
        _coreSeconds += coreSeconds;
        _rounds++;
        if (joules is { } counted && milliseconds > 0)
        {
            _joulesPerSecond.Add(1000 * counted / milliseconds);
        }
    }

    public SplitFit Fit => _fit ??= SplitFit.Of(_weights, _blockOf, _firstOf.Length, _passes);

    public Estimate Milliseconds() => Fit.Estimate(_rounds);

    public TimedSet Set => Candidate.Describe(_weights, _passes.Count);

    /// <summary>
    /// Cores that were busy while it answered, times its time: so that processor time is of the same examples as the
    /// time. The interval is what the clock's resolution leaves open.
    /// </summary>
    public Estimate CoreSeconds()
    {
        double time = Fit.Value / 1000,
            slack = _rounds * _resolution.TotalSeconds;
        double Per(double cores) => _seconds > 0 ? cores / _seconds * time : 0;
        return new Estimate(
            Per(_coreSeconds),
            Per(Math.Max(0, _coreSeconds - slack)),
            Per(_coreSeconds + slack),
            _rounds,
            Origin.Measured
        );
    }

    /// <summary>Median power of the rounds, times the time.</summary>
    public Estimate? CountedJoules()
    {
        if (_joulesPerSecond.Count == 0)
        {
            return null;
        }

        Estimate watts = Statistics.Median(_joulesPerSecond);
        double time = Fit.Value / 1000;
        return watts with
        {
            Value = watts.Value * time,
            Low = watts.Low * time,
            High = watts.High * time,
        };
    }
}
