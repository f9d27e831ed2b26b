using System.Diagnostics;

namespace Espalier.Tests.Cli;

/// <summary>The command as a process of its own.</summary>
static class Tool
{
    static readonly Lazy<bool> RestoresSignals = new(() =>
        OperatingSystem.IsLinux() && Succeeds("env", "--default-signal=INT", "true")
    );

    public static string Dotnet =>
        Environment.ProcessPath is { } here && Path.GetFileNameWithoutExtension(here) == "dotnet"
            ? here
            : "dotnet";

    public static string Dll { get; } = Path.Combine(AppContext.BaseDirectory, "Espalier.Cli.dll");

    /// <summary>
    /// Its Ctrl-C works even where these tests run in the background of a script, which ignores it: a process inherits
    /// that, and our users' too, who then expect it.
    /// </summary>
    public static ProcessStartInfo StartInfo(params string[] args)
    {
        string[] line = [Dotnet, Dll, .. args];
        return RestoresSignals.Value
            ? new ProcessStartInfo("env", ["--default-signal=INT", .. line])
            : new ProcessStartInfo(line[0], line[1..]);
    }

    /// <summary>Whether a child could not be sent Ctrl-C.</summary>
    public static bool IsInterruptIgnored =>
        !RestoresSignals.Value
        && OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status")
            .Where(l => l.StartsWith("SigIgn:", StringComparison.Ordinal))
            .Any(l => (Convert.ToUInt64(l[7..].Trim(), 16) & 2) != 0);

    public static void Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    static bool Succeeds(string program, params string[] args)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, args) { RedirectStandardError = true }
        )!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
