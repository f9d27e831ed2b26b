using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Espalier.Tests.Cli;

/// <summary>A system call as strace writes it, with paths for the numbers of files.</summary>
/// <param name="Paths">In the order of the arguments.</param>
sealed partial record SystemCall(int Thread, string Name, string[] Paths, bool Succeeded)
{
    /// <summary>
    /// The calls of a trace in the order in which they ended: strace cuts one in two where another thread's comes between
    /// (CALL(… &lt;unfinished ...&gt;, and later &lt;... CALL resumed&gt;…).
    /// </summary>
    public static IEnumerable<SystemCall> Read(IEnumerable<string> lines)
    {
        Dictionary<string, string> begun = [];
        foreach (string line in lines)
        {
            string whole = line,
                thread = line.Split(' ', 2)[0];
            if (Cut().Match(line) is { Success: true } cut)
            {
                begun[thread] = line[..cut.Index];
                continue;
            }

            if (
                Resumed().Match(line) is { Success: true } rest
                && begun.Remove(thread, out string? start)
            )
            {
                whole = start + line[(rest.Index + rest.Length)..];
            }

            if (Parse(whole) is { } call)
            {
                yield return call;
            }
        }
    }

    static SystemCall? Parse(string line)
    {
        Match call = Line().Match(line);
        return call.Success
            ? new SystemCall(
                int.Parse(
                    call.Groups[1].ValueSpan,
                    System.Globalization.NumberStyles.None,
                    System.Globalization.CultureInfo.InvariantCulture
                ),
                call.Groups[2].Value,
                [
                    .. Place()
                        .Matches(call.Groups[3].Value)
                        .Select(p => p.Groups[1].Success ? p.Groups[1].Value : p.Groups[2].Value),
                ],
                !call.Groups[4].Value.StartsWith('-')
            )
            : null;
    }

    [GeneratedRegex(@"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\w+)")]
    private static partial Regex Line();

    [GeneratedRegex(@" <unfinished \.\.\.>$")]
    private static partial Regex Cut();

    [GeneratedRegex(@"(?<=^\d+\s+)<\.\.\. \w+ resumed>")]
    private static partial Regex Resumed();

    // The path of an open file, or one that is an argument.
    [GeneratedRegex("""\d+<(/[^>]*)>|"(/[^"]*)""")]
    private static partial Regex Place();
}

/// <summary>The command line as a process of its own, under strace where it is to be watched or hurt.</summary>
static class SystemCalls
{
    /// <summary>Those by which files come to be, change and go away.</summary>
    public static readonly string[] Writing =
    [
        "pwrite64",
        "ftruncate",
        "fallocate",
        "fsync",
        "rename",
        "symlink",
        "link",
        "unlink",
        "rmdir",
        "mkdir",
        "chmod",
    ];

    /// <summary>Skips the test where there is no strace or it may not trace; in CI that is a failure.</summary>
    public static void Need()
    {
        string? why = OperatingSystem.IsLinux() ? Missing() : "strace is for Linux.";
        if (why is not null)
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") is null, why);
            Assert.Skip(why);
        }
    }

    static string? Missing()
    {
        try
        {
            ProcessStartInfo start = new("strace", ["-f", "-e", "trace=none", "true"])
            {
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"strace cannot trace here: {error}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "There is no strace; .ci/run installs Debian's.";
        }
    }

    /// <param name="strace">Its arguments; null: without it.</param>
    /// <param name="temporary">Where the machine's lock lies: tests beside this one take turns of their own.</param>
    public static Process Start(string[]? strace, string temporary, params string[] args)
    {
        string dotnet =
            Environment.ProcessPath is { } here
            && Path.GetFileNameWithoutExtension(here) == "dotnet"
                ? here
                : "dotnet";
        string[] command =
        [
            dotnet,
            Path.Combine(AppContext.BaseDirectory, "Espalier.Cli.dll"),
            .. args,
        ];
        string[] all = strace is null ? command : ["strace", "-f", .. strace, .. command];
        ProcessStartInfo start = new(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = temporary;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // its pipes are files too
        return Process.Start(start)!;
    }

    /// <summary>What it ended with, and what it said; 137 for one that was killed.</summary>
    public static async Task<(int Code, string Error)> End(Process process, CancellationToken stop)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(stop);
        string error = await process.StandardError.ReadToEndAsync(stop);
        await output;
        await process.WaitForExitAsync(stop);
        return (process.ExitCode, error);
    }
}
