using System.Diagnostics;
using System.Globalization;
using Espalier.Kernels;

namespace Espalier.Benchmarks;

/// <summary>
/// What sharing a job costs and gains: jobs of known length in eight blocks, one after another or with pauses in
/// which the threads go to sleep, on a quiet machine and beside a thread that never stops.
/// </summary>
static class WorkersTable
{
    const int Blocks = 8;
    const int DefaultRounds = 31;
    const double CaseSeconds = 0.004;
    const double Pause = 200e-6;
    static readonly bool[] Paused = [false, true];
    static readonly double[] Lengths = [2e-6, 10e-6, 30e-6, 100e-6, 1e-3];

    readonly struct Spinning(long loops) : IBlocks
    {
        public void Run(int block)
        {
            for (long i = 0; i < loops; i++)
            {
                Thread.SpinWait(1);
            }
        }
    }

    sealed class Case(double length, bool paused, Workers workers, long loops)
    {
        public double Length => length;
        public bool Paused => paused;
        public List<double> Microseconds { get; } = [];

        public void Measure()
        {
            long start = Stopwatch.GetTimestamp();
            double busy = 0;
            int jobs = 0;
            do
            {
                if (paused)
                {
                    Wait(Pause);
                }

                long begin = Stopwatch.GetTimestamp();
                workers.Run(Blocks, new Spinning(loops));
                busy += Stopwatch.GetElapsedTime(begin).TotalSeconds;
                jobs++;
            } while (Stopwatch.GetElapsedTime(start).TotalSeconds < CaseSeconds);
            Microseconds.Add(1e6 * busy / jobs);
        }
    }

    public static void Run(string[] arguments)
    {
        int rounds =
            arguments.Length > 0
                ? int.Parse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture)
                : DefaultRounds;
        using Workers one = new(1),
            two = new(2);
        double loop = LoopSeconds();
        Console.WriteLine($"jobs of {Blocks} blocks; medians and quartiles in us, n = {rounds}");
        Console.WriteLine(
            $"{"neighbour", -9} {"job", 7} {"before it", -9} {"1 thread", 9} {"quartiles", 15} {"2 threads", 9} "
                + $"{"quartiles", 15} {"gain", 5}"
        );
        Table("none", rounds, Cases());
        bool stop = false;
        Thread neighbour = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Thread.SpinWait(100);
            }
        });
        neighbour.Start();
        Table("busy", rounds, Cases());
        Volatile.Write(ref stop, true);
        neighbour.Join();

        List<Case> Cases() =>
            [
                .. from length in Lengths
                from paused in Paused
                from workers in new[] { one, two }
                select new Case(length, paused, workers, (long)(length / Blocks / loop)),
            ];
    }

    static void Table(string neighbour, int rounds, List<Case> cases)
    {
        for (int round = 0; round < rounds; round++)
        {
            cases.ForEach(each => each.Measure());
        }

        for (int i = 0; i + 1 < cases.Count; i += 2)
        {
            List<double> one = cases[i].Microseconds,
                two = cases[i + 1].Microseconds;
            Console.WriteLine(
                $"{neighbour, -9} {1e6 * cases[i].Length, 7:F0} {(cases[i].Paused ? "a pause" : "a job"), -9} "
                    + $"{Spread.Median(one), 9:F1} {Spread.Quartiles(one), 15} {Spread.Median(two), 9:F1} "
                    + $"{Spread.Quartiles(two), 15} {Spread.Median(one) / Spread.Median(two), 5:F2}"
            );
        }
    }

    // The best of many, so that a neighbour does not make the jobs shorter.
    static double LoopSeconds()
    {
        const int loops = 10_000;
        double best = double.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            long start = Stopwatch.GetTimestamp();
            new Spinning(loops).Run(0);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / loops);
        }

        return best;
    }

    static void Wait(double seconds)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            Thread.SpinWait(10);
        }
    }
}
