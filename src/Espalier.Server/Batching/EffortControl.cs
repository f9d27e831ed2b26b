using Espalier.Models;

namespace Espalier.Server.Batching;

/// <summary>
/// Holds the 95th percentile of latency at a target: under load texts leave earlier, a step of a ladder at a time, and no earlier
/// than its end says; when there is time they go further again.
/// </summary>
/// <remarks>
/// A step down where a window of answers misses the target, two where it misses it by half again; a step up only behind three windows
/// in a row that stay well below. Between the two lies a band in which nothing moves, so that effort does not swing.
/// </remarks>
/// <param name="ladder">From the most effort to the least.</param>
sealed class EffortControl(IReadOnlyList<Effort> ladder, TimeSpan target, TimeProvider time)
{
    const int Window = 64;
    const int LeastOfWindow = 16;
    const double Calm = 0.7;
    const int CalmWindows = 3;
    const double FarOver = 1.5;

    static readonly TimeSpan LongestWindow = TimeSpan.FromMilliseconds(250);

    // Without requests for so long there is no load; each further one of these lets a step go.
    static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    static readonly double[] Steps =
    [
        0.99,
        0.98,
        0.96,
        0.93,
        0.9,
        0.86,
        0.82,
        0.78,
        0.74,
        0.7,
        0.65,
        0.6,
        0.55,
        0.5,
        0.4,
        0.3,
        0.2,
        0.1,
    ];

    readonly Lock _lock = new();
    readonly double[] _seconds = new double[Window];
    int _count;
    int _level;
    int _calm;
    bool _works;
    long _since = time.GetTimestamp();
    long _last = time.GetTimestamp();

    /// <summary>How many steps effort is lowered by.</summary>
    public int Level
    {
        get
        {
            lock (_lock)
            {
                Rest();
                return _level;
            }
        }
    }

    /// <summary>What a text goes by whose turn comes now.</summary>
    public Effort Now
    {
        get
        {
            lock (_lock)
            {
                Rest();
                return ladder[_level];
            }
        }
    }

    /// <summary>Efforts between two confidences; a regression, which has none, counts how often its number stays.</summary>
    public static IReadOnlyList<Effort> Ladder(ModelConfig config, Effort most, Effort least) =>
        config.Regression
            ?
            [
                Effort.Full,
                .. Enumerable
                    .Range(1, Math.Max(1, config.Layers.Count - 1))
                    .Reverse()
                    .Select(times => new Effort(ExitRule.Patience, times)),
            ]
            :
            [
                most,
                .. Steps
                    .Where(s =>
                        s > least.Threshold && (most.Rule == ExitRule.Never || s < most.Threshold)
                    )
                    .Select(s => new Effort(ExitRule.Confidence, s)),
                .. most.Rule == ExitRule.Never || least.Threshold < most.Threshold
                    ? [least]
                    : Array.Empty<Effort>(),
            ];

    /// <summary>Texts are worked on from here to <see cref="End"/>; however long that takes, it is no rest.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            Rest();
            _works = true;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _works = false;
            _last = time.GetTimestamp();
        }
    }

    /// <param name="latency">Of an answer, from the request to the last byte of its text.</param>
    public void Note(TimeSpan latency)
    {
        lock (_lock)
        {
            Rest();
            _last = time.GetTimestamp();
            _seconds[_count++] = latency.TotalSeconds;
            if (
                _count == Window
                || _count >= LeastOfWindow && time.GetElapsedTime(_since) >= LongestWindow
            )
            {
                Decide();
                _count = 0;
                _since = _last;
            }
        }
    }

    void Decide()
    {
        Span<double> seconds = _seconds.AsSpan(0, _count);
        seconds.Sort();
        double share = seconds[(int)Math.Ceiling(0.95 * _count) - 1] / target.TotalSeconds;
        _calm = share < Calm ? _calm + 1 : 0;
        int step =
            share > FarOver ? 2
            : share > 1 ? 1
            : _calm >= CalmWindows ? -1
            : 0;
        if (step != 0)
        {
            _calm = 0;
            _level = Math.Clamp(_level + step, 0, ladder.Count - 1);
        }
    }

    void Rest()
    {
        int steps = _works ? 0 : (int)(time.GetElapsedTime(_last) / Idle);
        if (steps > 0)
        {
            _level = Math.Max(0, _level - steps);
            (_last, _since, _count) = (time.GetTimestamp(), time.GetTimestamp(), 0);
        }
    }
}
