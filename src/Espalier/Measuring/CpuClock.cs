namespace Espalier.Measuring;

/// <summary>
/// Processor time that this process used on all cores, its other threads (garbage collector, compiler) included.
/// </summary>
/// <param name="read">Since the start of the process.</param>
/// <param name="resolution">Smallest step of the clock.</param>
public sealed class CpuClock(Func<TimeSpan> read, TimeSpan resolution)
{
    // A coarse clock moves every 10 to 16 ms; a reading takes about a microsecond.
    const int MostReads = 200_000;
    const int Steps = 8;

    static readonly TimeSpan Coarsest = TimeSpan.FromMilliseconds(16);

    public TimeSpan Resolution { get; } = resolution;

    public TimeSpan Now => read();

    /// <summary>
    /// The operating system's clock of this process. Its resolution is looked for: a microsecond where the kernel
    /// counts exactly, a tick of 10 to 16 ms where it samples.
    /// </summary>
    public static CpuClock OfThisProcess()
    {
        return new CpuClock(Read, SmallestStep(Read));

        static TimeSpan Read() => Environment.CpuUsage.TotalTime;
    }

    /// <summary>The smallest of a few steps, or 16 ms where the clock stood still.</summary>
    internal static TimeSpan SmallestStep(Func<TimeSpan> read)
    {
        TimeSpan smallest = Coarsest,
            last = read();
        for (int reads = 0, steps = 0; reads < MostReads && steps < Steps; reads++)
        {
            TimeSpan now = read();
            if (now > last)
            {
                smallest = now - last < smallest ? now - last : smallest;
                last = now;
                steps++;
            }
        }

        return smallest;
    }
}
