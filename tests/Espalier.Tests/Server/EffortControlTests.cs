using Espalier.Models;
using Espalier.Server;
using Espalier.Server.Batching;
using Espalier.Tests.Models;

namespace Espalier.Tests.Server;

public sealed class EffortControlTests
{
    static readonly TimeSpan Target = TimeSpan.FromMilliseconds(50);

    static readonly IReadOnlyList<Effort> Ladder = EffortControl.Ladder(
        Toy.Config,
        Effort.Full,
        Effort.Parse("confidence:0.8")
    );

    /// <summary>A clock that tests move.</summary>
    sealed class Clock : TimeProvider
    {
        long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Move(double milliseconds) =>
            _now += (long)(milliseconds * TimeSpan.TicksPerMillisecond);
    }

    /// <summary>A clock of which a look is a millisecond: however long requests take on this machine, little time goes by between two.</summary>
    sealed class Looks : TimeProvider
    {
        long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }

    /// <summary>A server whose answers take longer the more it is asked and the further texts go; the latencies of the last of them.</summary>
    static double[] Simulated(EffortControl control, Clock clock, double load, int answers)
    {
        List<double> last = [];
        for (int i = 0; i < answers; i++)
        {
            double share = (double)Index(control.Now) / (Ladder.Count - 1),
                milliseconds = load * (1 - 0.7 * share) * (1 + i % 7 / 20.0);
            clock.Move(milliseconds / 4);
            control.Note(TimeSpan.FromMilliseconds(milliseconds));
            last.Add(milliseconds);
        }

        return [.. last.TakeLast(200).Order()];
    }

    static int Index(Effort effort) => Ladder.ToList().IndexOf(effort);

    [Fact]
    public void A_ladder_goes_from_all_layers_to_the_least_confidence_in_steps()
    {
        Assert.Equal(Effort.Full, Ladder[0]);
        Assert.Equal("confidence:0.8", $"{Ladder[^1]}");
        Assert.Equal(
            Ladder.Skip(1).Select(e => e.Threshold).OrderDescending(),
            Ladder.Skip(1).Select(e => e.Threshold)
        );
        Assert.Equal(
            ["confidence:0.9"],
            EffortControl
                .Ladder(Toy.Config, Effort.Parse("confidence:0.9"), Effort.Parse("confidence:0.9"))
                .Select(e => $"{e}")
        );
    }

    [Fact]
    public void Batches_that_take_longer_than_a_rest_are_load()
    {
        Clock clock = new();
        EffortControl control = new(Ladder, Target, clock);
        for (int batch = 1; batch <= 3; batch++)
        {
            control.Begin();
            clock.Move(1500);
            int level = control.Level;
            clock.Move(1500);
            Assert.Equal(level, control.Level);
            control.End();
            for (int i = 0; i < 20; i++)
            {
                control.Note(TimeSpan.FromMilliseconds(3000));
            }

            Assert.Equal(Math.Min(2 * batch, Ladder.Count - 1), control.Level);
        }

        clock.Move(10_000);
        Assert.Equal(0, control.Level);
    }

    [Fact]
    public void Without_load_texts_go_through_all_layers()
    {
        Clock clock = new();
        EffortControl control = new(Ladder, Target, clock);
        Simulated(control, clock, 20, 1000);
        Assert.Equal(Effort.Full, control.Now);
    }

    [Fact]
    public void Under_load_the_target_is_held_and_effort_no_lower_than_it_takes()
    {
        Clock clock = new();
        EffortControl control = new(Ladder, Target, clock);
        double[] latencies = Simulated(control, clock, 70, 3000);
        Assert.True(
            latencies[(int)(0.95 * latencies.Length)] <= 1.05 * Target.TotalMilliseconds,
            string.Join(' ', latencies)
        );
        Assert.InRange(Index(control.Now), 1, Ladder.Count - 2);
    }

    [Fact]
    public void Effort_stops_at_its_least_and_comes_back_when_the_load_goes()
    {
        Clock clock = new();
        EffortControl control = new(Ladder, Target, clock);
        Simulated(control, clock, 1000, 3000);
        Assert.Equal(Ladder[^1], control.Now);
        Simulated(control, clock, 15, 5000);
        Assert.Equal(Effort.Full, control.Now);

        Simulated(control, clock, 1000, 3000);
        clock.Move(60_000);
        Assert.Equal(Effort.Full, control.Now);
    }

    [Fact]
    public async Task A_server_with_a_target_that_cannot_be_held_leaves_at_its_least_and_says_so()
    {
        await using Serving serving = await Serving.Start(
            new ServerOptions
            {
                LatencyTarget = TimeSpan.FromTicks(1),
                LeastEffort = Effort.Parse("confidence:0.4"),
                Time = new Looks(),
            }
        );
        string effort = "";
        for (int i = 0; i < 1500 && effort != "confidence:0.4"; i++)
        {
            var answer = await serving.Ask("/v1/classify", new { input = "good" });
            effort = answer.GetProperty("data")[0].GetProperty("effort").GetString()!;
        }

        Assert.Equal("confidence:0.4", effort);
        var own = await serving.Ask("/v1/classify", new { input = "good", effort = "full" });
        Assert.Equal("full", own.GetProperty("data")[0].GetProperty("effort").GetString());
        Assert.Equal(3, own.GetProperty("data")[0].GetProperty("exit").GetInt32());
    }
}
