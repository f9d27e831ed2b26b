using Espalier.Cli;
using Espalier.Cli.Reports;

namespace Espalier.Tests.Cli;

public sealed class ProgressLineTests
{
    [Fact]
    public void A_terminal_sees_one_line_that_redraws_itself_and_is_gone_at_the_end()
    {
        using StringWriter error = new();
        Watch watch = new();
        using (ProgressLine progress = new(On(error, watch, isTerminal: true)))
        {
            watch.Seconds = 1;
            progress.Report("train", 0.25, "loss 0.5");
            progress.Report("train", 0.26);
            Assert.Equal(
                "\rtrain #####...............  25% [00:01<00:03] loss 0.5",
                error.ToString()
            );
        }

        Assert.EndsWith($"\r{new string(' ', 54)}\r", error.ToString());
        Assert.DoesNotContain('\n', error.ToString());
    }

    [Fact]
    public void A_file_sees_a_plain_line_now_and_then()
    {
        using StringWriter error = new();
        Watch watch = new();
        using (ProgressLine progress = new(On(error, watch, isTerminal: false)))
        {
            for (watch.Seconds = 0; watch.Seconds <= 40; watch.Seconds++)
            {
                progress.Report("train", watch.Seconds / 60.0);
            }
        }

        Assert.Equal(
            "espalier: train 25% [00:15<00:45]\nespalier: train 50% [00:30<00:30]\n",
            error.ToString()
        );
    }

    [Theory]
    [InlineData(59, "00:59")]
    [InlineData(3600, "1:00:00")]
    [InlineData(2 * 86400 + 61, "48:01:01")]
    public void A_clock_counts_hours_beyond_a_day(int seconds, string expected) =>
        Assert.Equal(expected, ProgressLine.Clock(TimeSpan.FromSeconds(seconds)));

    static Terminal On(TextWriter error, TimeProvider time, bool isTerminal) =>
        new(Stream.Null, TextWriter.Null, error)
        {
            ErrorIsTerminal = isTerminal,
            Time = time,
            Width = 80,
        };

    sealed class Watch : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
