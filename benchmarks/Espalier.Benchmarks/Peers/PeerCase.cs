using System.Diagnostics;
using Espalier.Data;
using Espalier.Measuring;
using Espalier.Models;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Benchmarks.Peers;

/// <summary>One line of the table: the same batches for a session of ours and one of the peer's.</summary>
/// <param name="Name">Of the work, as the table shows it.</param>
/// <param name="Parts">Of equal numbers of batches; each round works on the next one.</param>
/// <param name="Passes">Over the part in one turn; the turn counts as the median of them.</param>
sealed record PeerCase(
    string Name,
    Session Ours,
    string Theirs,
    IReadOnlyList<Batch> Batches,
    int Parts,
    int Passes
)
{
    /// <summary>Per batch, of each round.</summary>
    public List<double> OurMilliseconds { get; } = [];
    public List<double> TheirMilliseconds { get; } = [];

    public Estimate Ratio => Statistics.Ratio(TheirMilliseconds, OurMilliseconds);

    /// <summary>
    /// One round: each side has a turn, who begins alternates. The first pass of a turn wakes threads and warms
    /// caches and is not counted; the pause behind a turn lets its spinning threads go to sleep.
    /// </summary>
    public void Round(PeerProcess peer, int round, TimeSpan pause)
    {
        int count = Batches.Count / Parts,
            from = round % Parts * count;
        for (int turn = 0; turn < 2; turn++)
        {
            bool ours = (turn + round) % 2 == 0;
            double[] passes = ours
                ? OurTurn(from, count)
                : peer.Run(Theirs, from, count, Passes + 1);
            (ours ? OurMilliseconds : TheirMilliseconds).Add(
                Statistics.Median(passes[1..]).Value / count
            );
            Thread.Sleep(pause);
        }
    }

    /// <summary>
    /// Mean cosine between our states behind the last layer and theirs, over the tokens of the first batch: that both
    /// computed the same thing, as exactly as their int8 allows.
    /// </summary>
    public double Likeness(PeerProcess peer)
    {
        Batch batch = Batches[0];
        int last = Ours.Model.Config.Layers.Count - 1,
            hidden = Ours.Model.Config.Hidden;
        var (width, theirs) = peer.States(Theirs);
        double sum = 0;
        Ours.RunAllExits(
            batch,
            new Tensor(batch.Count, Ours.Model.Config.ExitCount * Ours.Model.Config.Outputs),
            (layer, state) =>
            {
                for (int s = 0; layer == last && s < batch.Count; s++)
                {
                    for (int t = batch.Starts[s]; t < batch.Starts[s + 1]; t++)
                    {
                        int row = s * width + t - batch.Starts[s];
                        sum += Cosine(state.Row(t), theirs.AsSpan(row * hidden, hidden));
                    }
                }
            }
        );
        return sum / batch.Tokens;
    }

    double[] OurTurn(int from, int count)
    {
        int largest = Batches.Max(b => b.Count);
        Tensor logits = new(largest, Ours.Model.Config.Outputs);
        int[] exits = new int[largest];
        double[] milliseconds = new double[Passes + 1];
        for (int pass = 0; pass <= Passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = from; i < from + count; i++)
            {
                Ours.Run(Batches[i], Effort.Full, logits, exits);
            }

            milliseconds[pass] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return milliseconds;
    }

    static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(a, b);
}
