using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

public sealed class TimeMeterTests
{
    readonly FakeTime _time = new();
    readonly List<string> _runs = [];

    [Fact]
    public void Each_round_runs_every_candidate_once_and_orders_differ()
    {
        Comparison result = Compare(
            [Takes("a", 10), Takes("b", 20), Takes("c", 30)],
            new Rounds(Least: 12, Most: 12, WarmUpSeconds: 0),
            new Rng(5)
        );
        Assert.Equal(12, result.Rounds);
        // Two rounds of warm-up come first and count nowhere.
        Assert.Equal(3 * 14, _runs.Count);
        string[] rounds = [.. _runs.Skip(6).Chunk(3).Select(round => string.Concat(round))];
        Assert.All(rounds, round => Assert.Equal("abc", string.Concat(round.Order())));
        Assert.True(rounds.Distinct().Count() > 2, string.Join(" ", rounds));
    }

    [Fact]
    public void The_same_stream_of_chance_gives_the_same_orders()
    {
        string Orders(ulong key)
        {
            _runs.Clear();
            Compare([Takes("a", 1), Takes("b", 2)], new Rounds(Least: 20), new Rng(key));
            return string.Concat(_runs);
        }

        Assert.Equal(Orders(1), Orders(1));
        Assert.NotEqual(Orders(1), Orders(2));
    }

    [Fact]
    public void Time_is_the_median_per_example()
    {
        Comparison result = Compare(
            [Takes("slow", 30, 10), Takes("fast", 10, 10)],
            new Rounds(Least: 6),
            new Rng(1)
        );
        Timing slow = result["slow"],
            fast = result["fast"];
        Assert.Equal(3, slow.MillisecondsPerExample.Value, 1e-9);
        Assert.Equal(1, fast.MillisecondsPerExample.Value, 1e-9);
        Assert.Equal(6, fast.MillisecondsPerExample.N);
        Assert.Equal(Origin.Measured, fast.MillisecondsPerExample.Origin);
        Assert.Equal(
            3,
            Statistics.Ratio(slow.RoundMilliseconds, fast.RoundMilliseconds).Value,
            1e-9
        );
    }

    [Fact]
    public void Comparing_stops_when_every_interval_is_narrow()
    {
        Comparison result = Compare([Takes("a", 10)], new Rounds(Seconds: 1e6), new Rng(1));
        // Five equal rounds cover 93.75 %, six 96.9 %.
        Assert.Equal(6, result.Rounds);
        Assert.True(result.Settled);
    }

    [Fact]
    public void Noise_makes_it_go_on_and_the_budget_ends_it()
    {
        int call = 0;
        Candidate noisy = new("noisy", 1, () => _time.Pass(call++ % 2 == 0 ? 100 : 200));
        Comparison result = Compare([noisy], new Rounds(Seconds: 3, WarmUpSeconds: 0), new Rng(1));
        Assert.False(result.Settled);
        // Two warm-ups take 300 ms; a round that would end behind 3 s is not begun.
        Assert.InRange(_time.Now.TotalSeconds, 2.6, 3.0);
        Assert.Equal(call - 2, result.Rounds);
    }

    [Fact]
    public void The_least_rounds_are_run_even_without_time()
    {
        Comparison result = Compare([Takes("a", 50)], new Rounds(Seconds: 0), new Rng(1));
        Assert.Equal(5, result.Rounds);
        Assert.False(result.Settled);
        Assert.Equal(0.9375, result["a"].MillisecondsPerExample.Coverage);
    }

    [Fact]
    public void Load_that_comes_and_goes_leaves_the_speed_up_alone()
    {
        int calls = 0;
        double Load() => 1 + calls++ / 2 % 5;
        Candidate a = new("a", 1, () => _time.Pass(10 * Load())),
            b = new("b", 1, () => _time.Pass(20 * Load()));
        Comparison result = Compare(
            [a, b],
            new Rounds(Seconds: 1e6, Most: 15, WarmUpSeconds: 0),
            new Rng(3)
        );
        Estimate speedUp = Statistics.Ratio(
            result["b"].RoundMilliseconds,
            result["a"].RoundMilliseconds
        );
        Assert.Equal((2, 2, 2), (speedUp.Value, speedUp.Low!.Value, speedUp.High!.Value));
        Assert.True(
            result["a"].MillisecondsPerExample.High > 1.5 * result["a"].MillisecondsPerExample.Low
        );
    }

    [Fact]
    public void Warm_up_lasts_as_long_as_asked()
    {
        Compare(
            [Takes("a", 100)],
            new Rounds(Least: 5, Most: 20, Seconds: 0, WarmUpSeconds: 1),
            new Rng(1)
        );
        Assert.Equal(10 + 5, _runs.Count);
    }

    [Fact]
    public void Progress_is_the_share_of_time_or_rounds_used()
    {
        // Two warm-ups of a tenth come first, and five rounds are run whatever they take.
        Equal([0.3, 0.4, 0.6, 0.8, 1], Told(seconds: 1, least: 2));
        Equal([0.2, 0.4, 0.6, 0.8, 1], Told(seconds: 0.1, least: 5));

        static void Equal(double[] expected, List<double> told) =>
            Assert.Equal(expected, told, (a, b) => Math.Abs(a - b) < 1e-9);

        List<double> Told(double seconds, int least)
        {
            List<double> told = [];
            Compare(
                [Takes("a", 100)],
                new Rounds(seconds, least, Most: 5, WarmUpSeconds: 0),
                new Rng(1),
                told.Add
            );
            return told;
        }
    }

    [Fact]
    public void A_session_answers_all_its_batches_in_each_run()
    {
        ModelConfig config = RandomEncoder.Config(exits: true);
        using Workers workers = new(1);
        Session session = new(
            RandomEncoder.Model(new Rng(1), config),
            workers,
            KernelFamily.Best,
            null
        );
        Batch[] batches =
        [
            .. Enumerable
                .Range(0, 8)
                .Select(i => RandomEncoder.Batch(new Rng((ulong)i), config, 1 + i % 3)),
        ];
        Candidate[] candidates =
        [
            Candidate.Of("full", session, batches, Effort.Full),
            Candidate.Of("early", session, batches, Effort.Parse("confidence:0.3")),
        ];
        Comparison result = new TimeMeter().Compare(
            candidates,
            new Rounds(Seconds: 0, WarmUpSeconds: 0),
            new Rng(1),
            null,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(5, result.Rounds);
        Assert.All(result.Timings, t => Assert.True(t.MillisecondsPerExample.Value > 0, $"{t}"));
        Assert.All(candidates, c => Assert.Equal(15, c.Examples));
    }

    [Fact]
    public void Cancelling_ends_a_comparison_between_two_runs()
    {
        using CancellationTokenSource source = new();
        Candidate one = new("a", 1, source.Cancel);
        Assert.Throws<OperationCanceledException>(() =>
            Meter().Compare([one, Takes("b", 1)], new Rounds(), new Rng(1), null, source.Token)
        );
        Assert.Empty(_runs);
    }

    [Fact]
    public void Candidates_and_rounds_that_make_no_sense_are_refused()
    {
        string Refusal(IReadOnlyList<Candidate> candidates, Rounds rounds) =>
            Assert.Throws<ArgumentException>(() => Compare(candidates, rounds, new Rng(1))).Message;

        Assert.Contains("nothing to time", Refusal([], new Rounds()));
        Assert.Contains("'a'", Refusal([Takes("a", 1), Takes("a", 2)], new Rounds()));
        Assert.Contains("0 examples", Refusal([Takes("a", 1, 0)], new Rounds()));
        Assert.Contains("Most = 3", Refusal([Takes("a", 1)], new Rounds(Most: 3)));
        Assert.Empty(_runs);
    }

    [Fact]
    public void The_clock_of_a_process_knows_its_own_step()
    {
        long reads = 0;
        TimeSpan step = CpuClock.SmallestStep(() => TimeSpan.FromMilliseconds(reads++ / 100 * 10));
        Assert.Equal(10, step.TotalMilliseconds);
        Assert.Equal(16, CpuClock.SmallestStep(() => TimeSpan.Zero).TotalMilliseconds);
        CpuClock real = CpuClock.OfThisProcess();
        TimeSpan before = real.Now;
        Assert.InRange(real.Resolution.TotalMilliseconds, 1e-5, 16);
        Assert.True(real.Now >= before);
    }

    TimeMeter Meter() => new(_time);

    Comparison Compare(
        IReadOnlyList<Candidate> candidates,
        Rounds rounds,
        Rng rng,
        Action<double>? report = null
    ) => Meter().Compare(candidates, rounds, rng, report, TestContext.Current.CancellationToken);

    Candidate Takes(string name, double milliseconds, int examples = 1) =>
        new(
            name,
            examples,
            () =>
            {
                _runs.Add(name);
                _time.Pass(milliseconds);
            }
        );
}
