using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.House;

namespace Espalier.Tests.Runs.Clusters;

/// <summary>A real Slurm of three nodes on this machine (tools/slurm-up.sh), which may be hurt.</summary>
sealed class SlurmCluster : IDisposable
{
    const int Nodes = 3;
    static readonly string Script = Checkout.Full("tools/slurm-up.sh");

    readonly string _home = Directory.CreateTempSubdirectory("espalier-slurm").FullName;

    public SlurmCluster()
    {
        Port = FreePorts();

        // Slurm's own users look into it.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                _home,
                File.GetUnixFileMode(_home) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute
            );
        }

        Do("up", $"{Nodes}");
    }

    string Folder => Path.Combine(_home, "slurm");
    public string Conf => Path.Combine(Folder, "slurm.conf");
    int Port { get; }

    /// <summary>Skips the test where there is no Slurm or it cannot be started; in CI that is a failure.</summary>
    public static void Need()
    {
        string? why =
            !OperatingSystem.IsLinux() ? "Slurm is for Linux."
            : !File.Exists("/usr/sbin/slurmctld") || !File.Exists("/usr/sbin/munged")
                ? "There is no Slurm; .ci/run installs Debian's."
            : Environment.UserName != "root" ? "A Slurm of one's own is started as root."
            : null;
        if (why is not null)
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") is null, why);
            Assert.Skip(why);
        }
    }

    /// <summary>The controller and all that it has not written down yet.</summary>
    public void KillController()
    {
        Kill(PidIn(Path.Combine(Folder, "state", "slurmctld.pid")));
        Do("controller");
    }

    /// <summary>A node's daemon with everything that runs there; then the daemon starts again.</summary>
    /// <returns>How many processes of jobs were killed.</returns>
    public int KillNode(string node)
    {
        Kill(PidIn(Path.Combine(Folder, "run", $"slurmd.{node}.pid")));
        int[] work =
        [
            .. Directory
                .GetDirectories("/proc")
                .Select(d => Numeral.TryWhole(Path.GetFileName(d), out int pid) ? pid : 0)
                .Where(p =>
                    p > 0
                    && Text($"/proc/{p}/environ").Split('\0').ToHashSet() is var e
                    && e.Contains($"SLURMD_NODENAME={node}")
                    && e.Contains($"SLURM_CONF={Conf}")
                ),
        ];
        int[] steps =
        [
            .. work.Select(p => ParentOf(p))
                .Where(p =>
                    Text($"/proc/{p}/comm").StartsWith("slurmstepd", StringComparison.Ordinal)
                )
                .Distinct(),
        ];
        foreach (int pid in steps.Concat(work))
        {
            Kill(pid);
        }

        Do("node", node);
        return work.Length;
    }

    /// <returns>What it said; what it ended with does not matter.</returns>
    public string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SLURM_CONF"] = Conf;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output + error.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        Run("scancel", "--me");
        Do("down");
        TemporaryFolder.Remove(_home);
    }

    void Do(string action, params string[] more)
    {
        // Daemons keep what they inherit: their output goes nowhere, so that nobody waits for its end.
        ProcessStartInfo start = new(
            "bash",
            [
                "-c",
                $"exec \"$0\" \"$@\" </dev/null >\"{_home}/said\" 2>&1",
                Script,
                action,
                Folder,
                .. more,
            ]
        );
        start.Environment["SLURM_PORT"] = $"{Port}";
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            $"slurm-up.sh {action}: {Text(Path.Combine(_home, "said"))}"
        );
    }

    static int ParentOf(int process) =>
        Text($"/proc/{process}/stat") is { Length: > 0 } stat
        && Numeral.TryWhole(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], out int parent)
            ? parent
            : 0;

    static int PidIn(string file) =>
        Numeral.TryWhole(Text(file).Trim(), out int pid)
            ? pid
            : throw new InvalidDataException(file);

    /// <summary>Of a job that makes a stage; null: there is none.</summary>
    public int? ProcessOf(string key) =>
        Directory
            .GetDirectories("/proc")
            .Select(d => Numeral.TryWhole(Path.GetFileName(d), out int pid) ? pid : 0)
            .Where(p =>
                p > 0
                && Text($"/proc/{p}/cmdline").Split('\0') is var words
                && words.Contains("stage")
                && words.Any(w => w.Length >= 12 && key.StartsWith(w, StringComparison.Ordinal))
                && Text($"/proc/{p}/environ").Split('\0').Contains($"SLURM_CONF={Conf}")
            )
            .Select(p => (int?)p)
            .FirstOrDefault();

    public static void Signal(string name, int pid)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{pid}"]);
        kill.WaitForExit();
    }

    static void Kill(int pid) => Signal("KILL", pid);

    static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The first of four ports in a row that nobody listens on.</summary>
    static int FreePorts()
    {
        // Below those that are given to whoever asks for any.
        for (int port = 21000 + Environment.ProcessId % 10000; ; port += 4)
        {
            try
            {
                for (int i = 0; i <= Nodes; i++)
                {
                    using TcpListener listener = new(IPAddress.Loopback, port + i);
                    listener.Start();
                }

                return port;
            }
            catch (SocketException)
            {
                // The next four.
            }
        }
    }
}
