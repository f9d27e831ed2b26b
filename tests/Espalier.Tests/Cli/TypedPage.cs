using System.Diagnostics;
using Espalier.Cli;
using Espalier.Tests.House;

namespace Espalier.Tests.Cli;

/// <summary>
/// A page of docs/ whose commands are typed in one folder, in their order. Files that it shows under a name are written there; a
/// server that it starts runs until the end, on a port that is free.
/// </summary>
sealed class TypedPage(string folder) : IAsyncDisposable
{
    const string Served = "http://127.0.0.1:8080";
    const string Start = "espalier serve ";

    Process? _server;
    Task<string>? _said;
    string _address = Served;

    /// <summary>What each block of commands wrote to standard output.</summary>
    public async Task<IReadOnlyList<string>> Walk(string page)
    {
        List<string> outputs = [];
        foreach (Fragment fragment in Fragment.Of(Checkout.Read(page).Text))
        {
            string text = string.Join('\n', fragment.Lines) + "\n";
            if (fragment is { Path: { } path, Language: "json" })
            {
                File.WriteAllText(Path.Combine(folder, path), text);
            }
            else if (text.StartsWith(Start, StringComparison.Ordinal))
            {
                await Serve(text);
            }
            else if (fragment.Language == "sh")
            {
                outputs.Add(await Type(text));
            }
        }

        return outputs;
    }

    public async Task<string> Type(string commands)
    {
        commands = commands.Replace(Served, _address);
        using Process process = Shell(
            $"set -euo pipefail\nespalier() {{ \"{Tool.Dotnet}\" \"{Tool.Dll}\" \"$@\"; }}\n{commands}"
        );
        Task<string> error = process.StandardError.ReadToEndAsync(Stop);
        string output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        if (process.ExitCode != 0 && commands.StartsWith("npm ", StringComparison.Ordinal))
        {
            Assert.Skip($"npm installs nothing here: {await error}");
        }

        Assert.True(process.ExitCode == 0, $"{commands}{output}\n{await error}");
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is null)
        {
            return;
        }

        Tool.Signal(_server, "TERM");
        await _server.WaitForExitAsync(CancellationToken.None);
        Assert.True(_server.ExitCode == ExitCode.Ok, await _said!);
        _server.Dispose();
    }

    // The shell becomes the server, so that signals reach it.
    async Task Serve(string command)
    {
        _server = Shell(
            $"espalier() {{ exec \"{Tool.Dotnet}\" \"{Tool.Dll}\" \"$@\" --port 0; }}\n{command}"
        );
        _said = _server.StandardError.ReadToEndAsync(Stop);
        string? address = await _server.StandardOutput.ReadLineAsync(Stop);
        Assert.True(address is not null, address ?? await _said);
        _address = address!;
    }

    Process Shell(string script) =>
        Process.Start(
            new ProcessStartInfo("bash", ["-c", script])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;
}
