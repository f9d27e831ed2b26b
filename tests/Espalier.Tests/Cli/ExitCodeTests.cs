using Espalier.Cli;
using Espalier.Cli.Parsing;
using Espalier.Hub;
using Espalier.Training;

namespace Espalier.Tests.Cli;

public sealed class ExitCodeTests
{
    public static TheoryData<Exception, int> Failures =>
        new()
        {
            { new UsageException("no such thing"), ExitCode.Usage },
            { new InvalidDataException("damaged"), ExitCode.Refused },
            { new FileNotFoundException("gone"), ExitCode.Refused },
            { new UnauthorizedAccessException("not yours"), ExitCode.Refused },
            { new IOException("broken"), ExitCode.Refused },
            { new IOException("No space left on device", 28), ExitCode.OutOfSpace },
            {
                new InvalidDataException("while writing", new IOException("full", 28)),
                ExitCode.OutOfSpace
            },
            { new InsufficientMemoryException(), ExitCode.OutOfSpace },
            { new HubException("busy"), ExitCode.Unavailable },
            { new DivergedException("the loss is NaN in step 3"), ExitCode.Diverged },
            { new AggregateException(new InvalidDataException("damaged")), ExitCode.Refused },
            { new InvalidOperationException("surprise"), ExitCode.Bug },
            { new ArgumentException("Gemm: shapes"), ExitCode.Bug },
            { new OperationCanceledException(), ExitCode.Bug },
        };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Every_failure_has_its_code_and_something_to_say(Exception failure, int expected)
    {
        var (code, sentences) = ExitCode.Of(failure, interrupted: false);
        Assert.Equal(expected, code);
        Assert.NotEmpty(sentences);
    }

    [Fact]
    public void A_cancelled_command_was_interrupted() =>
        Assert.Equal(
            ExitCode.Interrupted,
            ExitCode.Of(new OperationCanceledException(), interrupted: true).Code
        );

    [Fact]
    public void A_bug_asks_for_a_report_and_shows_its_trace_only_when_asked()
    {
        var (_, sentence) = ExitCode.Of(new InvalidOperationException("surprise"), false);
        Assert.Contains("bug in Espalier (InvalidOperationException: surprise)", sentence);
        Assert.Contains("ESPALIER_DEBUG=1", sentence);
    }

    [Fact]
    public void The_trace_of_a_refusal_is_shown_with_the_variable_and_not_without()
    {
        using ToyModels toys = new();
        string[] args = ["inspect", toys.Bert()];
        File.WriteAllText(Path.Combine(args[1], "config.json"), "{}");
        Outcome debug = CommandLine.Run(
            args,
            [],
            new Dictionary<string, string> { ["ESPALIER_DEBUG"] = "1" }
        );
        Assert.Contains("   at Espalier.", debug.Error);
        CommandLine.Run(args).Refuses(ExitCode.Refused, "config.json");
    }

    [Fact]
    public void The_documented_codes_are_all_different() =>
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 75, 130], ExitCode.All.Select(c => c.Code));
}
