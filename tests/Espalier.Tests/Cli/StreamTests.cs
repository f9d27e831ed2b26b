using System.Diagnostics;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>Standard streams that are closed, full or gone: what is noted is dropped, and what is asked for is told.</summary>
public sealed class StreamTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public async Task Every_command_says_by_its_code_what_a_broken_stream_did_to_it()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        string model = _toys.Bert(),
            texts = _toys.Write("texts", "good\nbad\n");
        string[] commands =
        [
            "operators",
            "tasks --format json",
            $"inspect {model}",
            $"tokenize {texts} -m {model}",
            $"predict {texts} -m {model} --threads 1",
        ];
        (string Streams, int Code)[] broken =
        [
            ("<&-", ExitCode.Ok),
            ("2>&-", ExitCode.Ok),
            ("2>/dev/full", ExitCode.Ok),
            ("<&- 2>&-", ExitCode.Ok),
            (">&-", ExitCode.Refused),
            ("<&- >&- 2>&-", ExitCode.Refused),
            (">/dev/full", ExitCode.OutOfSpace),
            (">/dev/full 2>&1", ExitCode.OutOfSpace),
        ];
        List<string> wrong = [];
        foreach (string command in commands)
        {
            foreach (var (streams, code) in broken)
            {
                Outcome outcome = await Shell($"{command} {streams}");
                if (outcome.Code != code || outcome.Error.Contains("bug"))
                {
                    wrong.Add($"{command} {streams}: {outcome.Code}, not {code}; {outcome.Error}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("inspect nothere 2>/dev/full")]
    [InlineData("inspect nothere 2>&-")]
    [InlineData("inspect nothere <&- >&- 2>&-")]
    public async Task A_refusal_that_nobody_hears_is_still_a_refusal(string line)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        Assert.Equal(ExitCode.Refused, (await Shell(line)).Code);
    }

    [Theory]
    [InlineData("tokenize <&-")]
    [InlineData("tokenize 0>/dev/null")]
    public async Task A_closed_standard_input_is_refused_where_it_is_to_be_read(string line)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh.");
        (await Shell(line)).Refuses(ExitCode.Refused);
    }

    [Fact]
    public async Task A_run_whose_result_cannot_be_printed_leaves_whole_files()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        string model = _toys.Bert(),
            data = _toys.Write(
                "data.csv",
                "text,label\n"
                    + string.Concat(Enumerable.Range(0, 24).Select(i => $"t{i},c{i % 3}\n"))
            );
        string run =
            $"run O -m {model} --train {data} --test {data} --text text --label label --epochs 1 --max-length 16 --threads 1 --output";
        string closed = _toys["closed"],
            full = _toys["full"];
        Assert.Equal(ExitCode.Refused, (await Shell($"{run} {closed} <&- >&- 2>&-")).Code);
        Assert.Equal(
            ExitCode.OutOfSpace,
            (await Shell($"{run} {full} >/dev/full 2>/dev/full")).Code
        );
        foreach (string folder in (string[])[closed, full])
        {
            Outcome again = CommandLine.Run("report", folder).Succeeds();
            Assert.Contains("O", again.Out);
        }
    }

    [Fact]
    public async Task A_terminal_that_goes_away_takes_no_work_with_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        ProcessStartInfo start = Tool.StartInfo("predict", "-m", _toys.Bert());
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteLineAsync("good");
        await process.StandardInput.FlushAsync(Stop);
        Assert.Contains("good", await process.StandardOutput.ReadLineAsync(Stop));
        Tool.Signal(process, "HUP");
        await process.StandardInput.WriteLineAsync("bad");
        process.StandardInput.Close();
        Assert.Contains("bad", await process.StandardOutput.ReadToEndAsync(Stop));
        await process.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_named_pipe_that_nobody_writes_into_is_waited_for_until_a_signal(
        string signal
    )
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no named pipes in folders.");
        Assert.SkipWhen(
            Tool.IsInterruptIgnored,
            "SIGINT is ignored here, and env cannot restore it."
        );
        string pipe = Things.Make("fifo", _toys["pipe"]);
        ProcessStartInfo start = Tool.StartInfo("predict", pipe, "-m", _toys.Bert());
        start.RedirectStandardError = true;
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // else .NET waits at pipes of its own
        using Process process = Process.Start(start)!;

        // A signal that comes before it listens ends it without a word. Where Linux does not tell in which of its functions
        // a thread waits, half a minute must do.
        int looks = File.Exists("/proc/self/wchan") ? 15_000 : 1500;
        for (int i = 0; i < looks && !process.HasExited && !OpensAPipe(process.Id); i++)
        {
            await Task.Delay(20, Stop);
        }

        Tool.Signal(process, signal);
        Assert.StartsWith(
            "espalier: Interrupted",
            await process.StandardError.ReadToEndAsync(Stop)
        );
        await process.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.Interrupted, process.ExitCode);
    }

    [Fact]
    public async Task Texts_come_from_a_named_pipe_as_from_a_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no named pipes in folders.");
        string pipe = Things.Make("fifo", _toys["pipe"]);
        Outcome outcome = await Shell(
            $"tokenize {pipe} -m {_toys.Bert()} --format json",
            $"printf 'good\\nbad\\n' > {pipe} & "
        );
        Assert.Equal(2, outcome.Succeeds().JsonLines.Length);
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Whether a thread waits for whoever writes into a named pipe.</summary>
    static bool OpensAPipe(int process)
    {
        try
        {
            return Directory
                .GetDirectories($"/proc/{process}/task")
                .Any(t =>
                    File.ReadAllText(Path.Combine(t, "wchan")).StartsWith("wait_for_partner")
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // a thread ended meanwhile
        }
    }

    static async Task<Outcome> Shell(string line, string before = "")
    {
        ProcessStartInfo start = new(
            "sh",
            ["-c", $"{before}exec \"{Tool.Dotnet}\" \"{Tool.Dll}\" {line}"]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop);
        string error = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        return new Outcome(process.ExitCode, await output, error);
    }
}
