namespace Espalier.Measuring;

/// <summary>
/// How long to time: until every interval is no wider than <paramref name="Width"/> of its value, the time is used up, or
/// the most turns, in which every candidate runs, are done.
/// </summary>
/// <param name="Seconds">For everything, warm-up included. The least turns are run all the same.</param>
/// <param name="WarmUpSeconds">Runs are thrown away for so long, at least two: code is compiled, caches fill.</param>
/// <remarks>
/// Looking after each turn whether the intervals are narrow makes their coverage slightly less than stated; the
/// least number of turns bounds this.
/// </remarks>
public abstract record TimeLimits(
    double Seconds,
    int Least,
    int Most,
    double Width,
    double WarmUpSeconds
)
{
    const int LeastWarmUps = 2;

    /// <exception cref="ArgumentException">No candidates, a name twice, or limits that make no sense.</exception>
    internal void Check(IEnumerable<string> candidates)
    {
        HashSet<string> names = [];
        if (candidates.FirstOrDefault(name => !names.Add(name)) is { } twice)
        {
            throw new ArgumentException(
                $"Two candidates are called '{twice}'; give each a name of its own."
            );
        }

        if (names.Count == 0)
        {
            throw new ArgumentException("There is nothing to time; give one candidate at least.");
        }

        if (!(Least >= 1 && Most >= Least && Seconds >= 0 && Width > 0 && WarmUpSeconds >= 0))
        {
            throw new ArgumentException(
                $"{this} cannot be run; Least is at least 1, Most at least Least, Width above 0, times not negative."
            );
        }
    }

    /// <summary>How many turns were run, and whether all intervals became as narrow as asked.</summary>
    /// <param name="turn">Runs one of a number, and tells how much of it is done.</param>
    /// <param name="times">After a turn, of every candidate.</param>
    /// <param name="report">Is told the share of the time, or of the turns, that is used up; 1 not before the least are done.</param>
    internal (int Done, bool Settled) Run(
        TimeProvider time,
        int mostWarmUps,
        Action<int> warmUp,
        Action<int, Action<double>> turn,
        Func<IEnumerable<Estimate>> times,
        Action<double>? report
    )
    {
        long start = time.GetTimestamp();
        for (int i = 0; i < LeastWarmUps || i < mostWarmUps && Since(start) < WarmUpSeconds; i++)
        {
            warmUp(i);
        }

        for (int done = 0; ; )
        {
            long begun = time.GetTimestamp();
            turn(done, part => report?.Invoke(Share(done + part)));
            done++;
            bool settled = times().All(t => t.IsWithin(Width));
            double afterNext = Since(start) + Since(begun);
            if (done >= Least && (settled || afterNext > Seconds || done >= Most))
            {
                return (done, settled);
            }
        }

        double Since(long from) => time.GetElapsedTime(from).TotalSeconds;

        double Share(double turns) =>
            Math.Clamp(
                Math.Max(Since(start) / Seconds, turns / Most),
                0,
                Math.Min(1, turns / Least)
            );
    }
}

/// <summary>Limits of rounds, in each of which every candidate answers all its examples.</summary>
public sealed record Rounds(
    double Seconds = 20,
    int Least = 5,
    int Most = 200,
    double Width = 0.05,
    double WarmUpSeconds = 0.5
) : TimeLimits(Seconds, Least, Most, Width, WarmUpSeconds);

/// <summary>Limits of passes over a split.</summary>
/// <param name="Least">Three, so that a median is none of the extremes.</param>
public sealed record Passes(
    double Seconds = 20,
    int Least = 3,
    int Most = 15,
    double Width = 0.05,
    double WarmUpSeconds = 0.5
) : TimeLimits(Seconds, Least, Most, Width, WarmUpSeconds);
