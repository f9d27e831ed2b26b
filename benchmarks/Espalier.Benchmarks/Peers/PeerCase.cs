using System.Diagnostics;
using Espalier.Data;
using Espalier.Measuring;
using Espalier.Models;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Benchmarks.Peers;

/// <summary>One line of the table: the same batches for a session of ours and one of the peer's.</summary>
/// <param name="Name">Of the work, as the table shows it.</param>
/// <param name="Passes">Over all batches in one turn; the turn counts as the median of them.</param>
sealed record PeerCase(
    string Name,
    Session Ours,
    string Theirs,
    IReadOnlyList<Batch> Batches,
    int Passes
)
{
    public int Examples => Batches.Sum(b => b.Count);

    public List<double> OurMilliseconds { get; } = [];
    public List<double> TheirMilliseconds { get; } = [];

    public Estimate Ratio => Statistics.Ratio(TheirMilliseconds, OurMilliseconds);

    /// <summary>
    /// One round: each side has a turn, who begins alternates. The first pass of a turn wakes threads and warms
    /// caches and is not counted; the pause behind a turn lets its spinning threads go to sleep.
    /// </summary>
    public void Round(PeerProcess peer, int round, TimeSpan pause)
    {
        for (int turn = 0; turn < 2; turn++)
        {
            double milliseconds =
                (turn + round) % 2 == 0
                    ? Statistics.Median(OurTurn()).Value
                    : Statistics.Median(peer.Run(Theirs, Passes + 1)[1..]).Value;
            ((turn + round) % 2 == 0 ? OurMilliseconds : TheirMilliseconds).Add(milliseconds);
            Thread.Sleep(pause);
        }
    }

    double[] OurTurn()
    {
        int largest = Batches.Max(b => b.Count);
        Tensor logits = new(largest, Ours.Model.Config.Outputs);
        int[] exits = new int[largest];
        double[] milliseconds = new double[Passes + 1];
        for (int pass = 0; pass <= Passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            foreach (Batch batch in Batches)
            {
                Ours.Run(batch, Effort.Full, logits, exits);
            }

            milliseconds[pass] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return milliseconds[1..];
    }
}
