using System.Diagnostics;
using System.Text;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>What only a process of its own shows: signals, real streams, a full device.</summary>
public sealed class ProcessTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task The_first_signal_ends_a_waiting_command_with_130_and_keeps_its_answers(
        string signal
    )
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        Assert.SkipWhen(
            Tool.IsInterruptIgnored,
            "SIGINT is ignored here, and env cannot restore it."
        );
        using Process process = Start("predict", "-m", _toys.Bert());
        await process.StandardInput.WriteLineAsync("good");
        await process.StandardInput.FlushAsync(Stop);
        Assert.Contains("good", await process.StandardOutput.ReadLineAsync(Stop));
        Tool.Signal(process, signal);
        await process.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.Interrupted, process.ExitCode);
        string error = await process.StandardError.ReadToEndAsync(Stop);
        Assert.StartsWith("espalier: Interrupted", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task A_full_device_behind_standard_output_is_told_with_its_code()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        ProcessStartInfo start = new("sh")
        {
            RedirectStandardError = true,
            ArgumentList = { "-c", $"exec \"{Tool.Dotnet}\" \"{Tool.Dll}\" operators > /dev/full" },
        };
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.OutOfSpace, process.ExitCode);
        Assert.Equal(
            "espalier: The disk is full or the quota is used up; free some space or write elsewhere.\n",
            error
        );
    }

    [Fact]
    public async Task Json_is_UTF8_whatever_the_locale_says()
    {
        string folder = _toys.Named("nein", "ja", "täglich");
        using Process process = StartWith(
            new() { ["LC_ALL"] = "de_DE.ISO-8859-1" },
            "inspect",
            folder,
            "--format",
            "json"
        );
        process.StandardInput.Close();
        using MemoryStream bytes = new();
        await process.StandardOutput.BaseStream.CopyToAsync(bytes, Stop);
        await process.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
        Assert.Contains("täglich", Encoding.UTF8.GetString(bytes.ToArray()));
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static Process Start(params string[] args) => StartWith([], args);

    static Process StartWith(Dictionary<string, string> environment, params string[] args)
    {
        ProcessStartInfo start = Tool.StartInfo(args);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
