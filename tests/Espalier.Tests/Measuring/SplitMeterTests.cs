using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

public sealed class SplitMeterTests
{
    const int Split = 600;
    const int Studies = 150;

    static readonly int[] Tokens =
    [
        .. Drawn(1, z => Math.Clamp((int)Math.Exp(3 + 0.5 * z), 4, 128)),
    ];
    static readonly int[] Deep = [.. Drawn(2, _ => 6)];
    static readonly int[] Early = [.. Drawn(3, z => Math.Clamp((int)(2 + 1.5 * z), 1, 6))];

    // What no token and no layer explains: the third of an example's time that is its own.
    readonly double[] _own = [.. Drawn(4, z => Math.Exp(0.3 * z))];

    readonly FakeTime _time = new();
    double _cpuMilliseconds;

    [Fact]
    public void Each_round_answers_one_block_with_every_model_and_a_pass_has_all_blocks()
    {
        List<string> runs = [];
        SplitCandidate Logs(string name) =>
            Candidate(
                name,
                Early,
                (block, _) =>
                {
                    if (runs.Count == 0 || runs[^1] != $"{name}{block}")
                    {
                        runs.Add($"{name}{block}");
                    }

                    _time.Pass(1);
                }
            );
        SplitComparison result = Compare(
            [Logs("a"), Logs("b"), Logs("c")],
            new Passes(Seconds: 0, Least: 3, WarmUpSeconds: 0)
        );
        Assert.Equal(3, result.Passes);
        string[][] rounds = [.. runs.Skip(6).Chunk(3)];
        Assert.Equal(30, rounds.Length);
        Assert.All(rounds, r => Assert.Equal("abc", string.Concat(r.Select(x => x[0]).Order())));
        Assert.All(rounds, r => Assert.Single(r.Select(x => x[1..]).Distinct()));
        Assert.All(
            rounds.Chunk(10),
            pass => Assert.Equal(10, pass.Select(r => r[0][1..]).Distinct().Count())
        );
        Assert.True(rounds.Select(r => string.Concat(r.Select(x => x[0]))).Distinct().Count() > 3);
    }

    [Fact]
    public void A_time_is_the_mean_of_the_whole_split_and_processor_time_goes_with_it()
    {
        SplitCandidate exact = Candidate(
            "exact",
            Early,
            (place, _) => { },
            i => 0.1 + 0.2 * Early[i] + 0.01 * Tokens[i] * Early[i]
        );
        SplitTiming timing = Compare([exact], new Passes(Least: 3))["exact"];
        double truth = Enumerable
            .Range(0, Split)
            .Average(i => 0.1 + 0.2 * Early[i] + 0.01 * Tokens[i] * Early[i]);

        // Times are linear in tokens, layers and their product, so weighting leaves no error but the clock's microsecond.
        Assert.Equal(truth, timing.MillisecondsPerExample.Value, 1e-3);
        Assert.Equal(2 * truth / 1000, timing.CoreSecondsPerExample.Value, 1e-5);
        Assert.Equal(5.5 * 2 * truth / 1000, timing.JoulesPerExample.Value, 1e-4);
        Assert.Equal(0.95, timing.MillisecondsPerExample.Coverage);
        Assert.Contains("which examples", timing.Set.Covers);
    }

    [Theory]
    [InlineData("tails")]
    [InlineData("bursts")]
    [InlineData("drift")]
    [InlineData("passes")]
    public void Intervals_cover_the_true_mean_and_the_true_speed_up(string noise)
    {
        int coveredTime = 0,
            coveredSpeed = 0;
        List<double> widths = [];
        for (int study = 0; study < Studies; study++)
        {
            Noise state = new(noise, new Rng((ulong)study));
            SplitCandidate Of(string name, int[] layers, double perLayer) =>
                Candidate(
                    name,
                    layers,
                    (_, _) => { },
                    i => state.Next() * layers[i] * perLayer * (1 + 0.02 * Tokens[i]) * _own[i]
                );
            double Truth(int[] layers, double perLayer) =>
                Enumerable
                    .Range(0, Split)
                    .Average(i => layers[i] * perLayer * (1 + 0.02 * Tokens[i]) * _own[i]);

            // Another own part of each example for each study: which were chosen is chance then.
            new Rng((ulong)study)
                .Split("own")
                .Shuffle<double>(_own);
            SplitComparison result = Compare(
                [Of("slow", Deep, 1), Of("fast", Early, 0.5)],
                new Passes(Seconds: 0, Least: 5, WarmUpSeconds: 0)
            );
            Estimate time = result["fast"].MillisecondsPerExample,
                speed = result.SpeedUp("fast", "slow");
            double ratio = Truth(Deep, 1) / Truth(Early, 0.5);
            coveredTime += Covers(time, Truth(Early, 0.5)) ? 1 : 0;
            coveredSpeed += Covers(speed, ratio) ? 1 : 0;
            widths.Add((speed.High!.Value - speed.Low!.Value) / speed.Value);
        }

        string seen =
            $"{noise}: time {coveredTime}, speed-up {coveredSpeed} of {Studies}, width {widths.Average():P1}";
        TestContext.Current.TestOutputHelper?.WriteLine(seen);

        // 95 % of 150 is 142.5; below 135 has a chance of one in a hundred.
        Assert.True(coveredSpeed >= 135, seen);
        Assert.True(noise == "drift" || coveredTime >= 135, seen);
        Assert.True(widths.Average() < 0.25, seen);

        static bool Covers(Estimate e, double truth) => e.Low <= truth && truth <= e.High;
    }

    [Fact]
    public void Timing_stops_when_every_interval_is_narrow_and_else_when_time_is_over()
    {
        SplitCandidate steady = Candidate("steady", Deep, (_, _) => { }, _ => 1);
        SplitComparison result = Compare([steady], new Passes(Seconds: 1e6));
        Assert.Equal((3, true), (result.Passes, result.Settled));
        Rng rng = new(1);
        ulong call = 0;
        SplitCandidate noisy = Candidate(
            "noisy",
            Deep,
            (_, _) => { },
            _ => 1 + 20 * Math.Pow(rng.Uniform(call++), 8)
        );
        result = Compare([noisy], new Passes(Seconds: 4, Width: 1e-9));
        Assert.False(result.Settled);
        Assert.InRange(result.Passes, 4, 14);
    }

    [Fact]
    public void Candidates_that_cannot_be_compared_are_refused()
    {
        string Refusal(params SplitCandidate[] candidates) =>
            Assert.Throws<ArgumentException>(() => Compare(candidates, new Passes())).Message;

        SplitCandidate one = Candidate("a", Deep, (_, _) => { });
        Assert.Contains("nothing to time", Refusal());
        Assert.Contains("'a'", Refusal(one, one));
        Assert.Contains("600", Refusal(one with { Layers = [1] }));
        Assert.Contains(
            "blocks",
            Refusal(one, one with { Name = "b", Sample = TimedSample.Of(Tokens, 200) })
        );
        Assert.Contains(
            "Most = 2",
            Assert.Throws<ArgumentException>(() => Compare([one], new Passes(Most: 2))).Message
        );
    }

    SplitComparison Compare(IReadOnlyList<SplitCandidate> candidates, Passes passes) =>
        new SplitMeter(
            _time,
            new CpuClock(
                () => TimeSpan.FromMilliseconds(_cpuMilliseconds),
                TimeSpan.FromMilliseconds(0.001)
            ),
            new EnergyMeter(powercap: "/nowhere")
        ).Compare(candidates, passes, new Rng(1), cancel: TestContext.Current.CancellationToken);

    SplitCandidate Candidate(
        string name,
        int[] layers,
        Action<int, int> before,
        Func<int, double>? milliseconds = null
    )
    {
        TimedSample sample = TimedSample.Of(Tokens, 1);
        return new SplitCandidate(
            name,
            sample,
            Tokens,
            [.. layers.Select(l => (double)l)],
            false,
            (block, batch) =>
            {
                before(block, batch);
                double takes = milliseconds?.Invoke(sample.Blocks[block][batch][0]) ?? 0;
                _time.Pass(takes);
                _cpuMilliseconds += 2 * takes;
            }
        );
    }

    static IEnumerable<T> Drawn<T>(ulong key, Func<double, T> of)
    {
        Rng rng = new(key);
        return Enumerable.Range(0, Split).Select(i => of(rng.Normal((ulong)i)));
    }

    /// <summary>What slows an answer; its median is 1.</summary>
    sealed class Noise(string kind, Rng rng)
    {
        // Of two models: a round has 40 answers, a pass 400.
        const int Round = 20;
        const int Pass = 400;
        ulong _call;

        public double Next()
        {
            ulong call = _call++;
            double small = Math.Exp(0.02 * rng.Normal(call));
            return small
                * kind switch
                {
                    // One answer of twenty takes up to many times as long.
                    "tails" => rng.Uniform(call + (1 << 20)) < 0.05
                        ? 1 / (0.05 + rng.Uniform(call + (2 << 20)))
                        : 1,

                    // A neighbour slows one of six stretches as long as a model's part of a round by half.
                    "bursts" => rng.Split("bursts").Uniform(call / Round) < 0.16 ? 1.5 : 1,

                    // The clock falls by a fifth over the whole sitting.
                    "drift" => 1 + 0.2 * call / (5 * Pass),

                    // Passes differ by some percent as a whole.
                    _ => Math.Exp(0.05 * rng.Split("passes").Normal(call / Pass)),
                };
        }
    }
}
