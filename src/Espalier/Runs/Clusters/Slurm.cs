using System.ComponentModel;
using System.Diagnostics;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Runs.Clusters;

/// <summary>A job of Slurm's queue.</summary>
/// <param name="Id">By which Slurm's commands know it: <c>12_3</c> of an array.</param>
/// <param name="Array">Id of its array.</param>
/// <param name="State">As Slurm calls it, such as PENDING.</param>
/// <param name="Reason">Why it is not running.</param>
/// <param name="Seconds">That it has been running.</param>
public sealed record SlurmJob(
    string Id,
    int Array,
    int Index,
    string State,
    string Reason,
    string Node,
    int Seconds
)
{
    public bool IsRunning => State == "RUNNING";

    /// <summary>Slurm could not start it, or was told not to, and will not try again by itself.</summary>
    public bool IsHeld =>
        State is "REQUEUE_HOLD" or "SPECIAL_EXIT"
        || Reason.Contains("launch failed", StringComparison.OrdinalIgnoreCase)
        || Reason.Contains("launch_failed", StringComparison.OrdinalIgnoreCase)
        || Reason is "JobHeldUser" or "JobHeldAdmin";

    /// <summary>What it waits for has failed, so that it will wait for ever.</summary>
    public bool NeverBegins =>
        Reason.Contains("DependencyNeverSatisfied", StringComparison.Ordinal);
}

/// <summary>A node, and why it takes no jobs where it does not.</summary>
public sealed record SlurmNode(string Name, string State, string Reason)
{
    public bool IsAway =>
        State.StartsWith("down", StringComparison.Ordinal)
        || State.StartsWith("drain", StringComparison.Ordinal)
        || State.StartsWith("fail", StringComparison.Ordinal);
}

/// <summary>Slurm's own commands, which every login node has.</summary>
/// <param name="run">Runs a program with arguments and gives its status, output and errors.</param>
public sealed class Slurm(
    Func<string, IReadOnlyList<string>, (int Code, string Out, string Error)> run
)
{
    const char Between = '|';

    public Slurm()
        : this(Start) { }

    /// <summary>Submits a script.</summary>
    /// <param name="after">Arrays whose tasks of the same index come before.</param>
    /// <returns>Id of the array.</returns>
    /// <exception cref="InvalidDataException">Slurm refuses it.</exception>
    public int Submit(string script, IReadOnlyList<int> after)
    {
        string[] dependency =
            after.Count > 0 ? [$"--dependency=aftercorr:{string.Join(':', after)}"] : [];
        string answer = Ask("sbatch", ["--parsable", .. dependency, script]);
        return Numeral.TryWhole(answer.Trim().Split(';')[0], out int id)
            ? id
            : throw new InvalidDataException(
                $"sbatch answered '{Printable.Escape(answer.Trim())}'; the number of a job was expected."
            );
    }

    /// <summary>This user's jobs, each task of an array alone.</summary>
    public IReadOnlyList<SlurmJob> Queue() =>
        [
            .. Ask("squeue", ["--me", "-h", "-r", "-o", "%i|%F|%K|%T|%N|%M|%r"])
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(Read)
                .OfType<SlurmJob>(),
        ];

    public IReadOnlyList<SlurmNode> Nodes() =>
        [
            .. Ask("sinfo", ["-h", "-N", "-o", "%N|%T|%E"])
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => l.Split(Between, 3))
                .Where(f => f.Length == 3)
                .Select(f => new SlurmNode(f[0], f[1], f[2]))
                .DistinctBy(n => n.Name),
        ];

    public void Cancel(IReadOnlyList<string> jobs) => Ask("scancel", jobs);

    public void Requeue(string job) => Ask("scontrol", ["requeue", job]);

    public void Release(string job) => Ask("scontrol", ["release", job]);

    static SlurmJob? Read(string line)
    {
        string[] f = line.Split(Between, 7);
        return
            f.Length == 7
            && Numeral.TryWhole(f[1], out int array)
            && Numeral.TryWhole(f[2], out int index)
            ? new SlurmJob(f[0], array, index, f[3], f[6], f[4], Seconds(f[5]))
            : null; // no array of ours
    }

    /// <summary>Of <c>1-02:03:04</c>, of which only the end need be there.</summary>
    static int Seconds(string text)
    {
        string[] parts = text.Split('-', ':');
        int[] factors = [1, 60, 3600, 86400];
        return parts
            .Reverse()
            .Zip(factors, (p, f) => Numeral.TryWhole(p, out int n) ? n * f : 0)
            .Sum();
    }

    string Ask(string program, IReadOnlyList<string> arguments)
    {
        var (code, output, error) = run(program, arguments);
        return code == 0
            ? output
            : throw new InvalidDataException(
                $"{program} ended with {code}: {Printable.Escape(error.Trim())} ('{program} {string.Join(' ', arguments)}')."
            );
    }

    static (int, string, string) Start(string program, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (Win32Exception e)
        {
            throw new InvalidDataException(
                $"{program} cannot be started ({e.Message.TrimEnd('.')}); --on slurm is for a machine that has Slurm's commands, such as a cluster's login node.",
                e
            );
        }
    }
}
