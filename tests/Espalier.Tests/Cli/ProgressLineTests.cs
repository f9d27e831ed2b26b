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
                "\rtrain #####...............  25 % after 1 s, 3 s left; loss 0.5",
                error.ToString()
            );
        }

        Assert.EndsWith($"\r{new string(' ', 62)}\r", error.ToString());
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
            "espalier: train 25 % after 15 s, 45 s left\nespalier: train 50 % after 30 s, 30 s left\n",
            error.ToString()
        );
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(923, "15 min 23 s")]
    [InlineData(11 * 3600 + 14 * 60 + 55, "11 h 14 min")]
    [InlineData(2 * 86400 + 3 * 3600, "2 d 3 h")]
    public void A_duration_reads_as_one_says_it(int seconds, string expected) =>
        Assert.Equal(expected, Shown.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(9_999, "10.0 kB")]
    [InlineData(9_900_000, "9.9 MB")]
    [InlineData(59_200_000, "59.2 MB")]
    [InlineData(999_600_000, "1.0 GB")]
    [InlineData(135e9, "135 GB")]
    public void A_size_has_three_digits_and_its_unit(double bytes, string expected) =>
        Assert.Equal(expected, Shown.Bytes(bytes));

    static Terminal On(TextWriter error, TimeProvider time, bool isTerminal) =>
        new(Stream.Null, TextWriter.Null, error)
        {
            ErrorIsTerminal = isTerminal,
            Time = time,
            ErrorWidth = 80,
        };

    sealed class Watch : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
