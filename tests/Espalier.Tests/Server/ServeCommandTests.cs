using System.Diagnostics;
using System.Text;
using Espalier.Cli;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Server;

[Trait("tier", "golden")]
public sealed class ServeCommandTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public async Task The_command_serves_until_SIGTERM_and_ends_with_0()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        ProcessStartInfo start = Tool.StartInfo("serve", $"toy={_toys.WithExits()}", "--port", "0");
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        string? address = await process.StandardOutput.ReadLineAsync(Serving.Stop);
        Assert.StartsWith("http://127.0.0.1:", address);
        using HttpClient http = new() { BaseAddress = new Uri(address!) };
        using StringContent body = new(
            "{\"model\": \"toy\", \"input\": \"good\"}",
            Encoding.UTF8,
            "application/json"
        );
        using HttpResponseMessage response = await http.PostAsync(
            "/v1/classify",
            body,
            Serving.Stop
        );
        Assert.True(response.IsSuccessStatusCode);
        Tool.Signal(process, "TERM");
        await process.WaitForExitAsync(Serving.Stop);
        string error = await process.StandardError.ReadToEndAsync(Serving.Stop);
        Assert.True(process.ExitCode == ExitCode.Ok, error);
        Assert.Contains("toy can be asked now", error);
    }

    [Fact]
    public void What_cannot_be_is_told_before_anything_is_loaded()
    {
        string bert = _toys.Bert();
        CommandLine.Run("serve").Refuses(ExitCode.Usage, "needs models");
        CommandLine.Run("serve", "/nowhere").Refuses(ExitCode.Refused, "/nowhere");
        CommandLine
            .Run("serve", bert, $"bert={bert}")
            .Refuses(ExitCode.Usage, "Two models are called 'bert'");
        CommandLine
            .Run("serve", bert, "--host", "0.0.0.0")
            .Refuses(ExitCode.Usage, "there is no key", "--key-file");
        CommandLine
            .Run("serve", bert, "--host", "here")
            .Refuses(ExitCode.Usage, "--host is 'here'");
        CommandLine
            .Run("serve", bert, "--effort", "patience:1", "--latency-target", "50")
            .Refuses(ExitCode.Usage, "latency target");
        CommandLine
            .Run("serve", bert, "--key-file", _toys.Write("key", "short\n"))
            .Refuses(ExitCode.Usage, "16 characters");
        CommandLine.Run("serve", bert, "--port", "70000").Refuses(ExitCode.Usage, "--port");
    }
}
