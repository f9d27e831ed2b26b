using System.Globalization;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Runs.Storage;

/// <summary>Who holds a <see cref="Lease"/>.</summary>
/// <param name="Host">Name of the machine.</param>
/// <param name="Boot">Names the time since the machine was started, and the space in which process numbers mean something.</param>
/// <param name="Process">Its number there.</param>
/// <param name="Started">When the process did, in ticks since the machine's start: numbers are given again.</param>
/// <param name="Job">Of the engine that started it, such as Slurm's; empty: nobody's.</param>
/// <param name="Restarts">How often the engine had started that job before.</param>
public sealed record LeaseOwner(
    string Host,
    string Boot,
    int Process,
    string Started,
    string Job,
    int Restarts
)
{
    // Fields of /proc/PID/stat behind the name, which is in brackets and may hold anything.
    const int StateAfterName = 0;
    const int StartAfterName = 19;

    public static LeaseOwner Here { get; } = Make(Environment.GetEnvironmentVariable);

    internal static LeaseOwner Make(Func<string, string?> environment) =>
        new(
            Environment.MachineName,
            $"{Text("/proc/sys/kernel/random/boot_id")} {Link("/proc/self/ns/pid")}".Trim(),
            Environment.ProcessId,
            StartOf(Environment.ProcessId) ?? "",
            environment("SLURM_JOB_ID") ?? "",
            Numeral.TryWhole(environment("SLURM_RESTART_COUNT"), out int restarts) ? restarts : 0
        );

    /// <summary>Whether nobody holds it any more.</summary>
    /// <param name="silent">How long it has shown no sign of life.</param>
    public bool IsGone(TimeSpan silent) => IsGone(silent, Here);

    internal bool IsGone(TimeSpan silent, LeaseOwner here) =>
        Boot.Length > 0 && Boot == here.Boot
            ? StartOf(Process) != Started
            // Slurm starts a job again when it knows the last start to have ended.
            : (Job.Length > 0 && Job == here.Job && Restarts < here.Restarts)
                || silent > Lease.Stale;

    internal byte[] ToJson() =>
        JsonOutput.Document(
            json =>
            {
                json.WriteString("host", Host);
                json.WriteString("boot", Boot);
                json.WriteNumber("process", Process);
                json.WriteString("started", Started);
                json.WriteString("job", Job);
                json.WriteNumber("restarts", Restarts);
            },
            indented: false
        );

    internal static LeaseOwner? TryParse(byte[] utf8)
    {
        try
        {
            JsonFields fields = JsonFile.Parse("lease", utf8);
            return new LeaseOwner(
                fields.String("host"),
                fields.String("boot"),
                fields.Integer("process", 0, int.MaxValue),
                fields.String("started"),
                fields.String("job"),
                fields.Integer("restarts", 0, int.MaxValue)
            );
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Host}, process {Process}{(Job.Length > 0 ? $", job {Job}" : "")}"
        );

    /// <summary>When a process that lives did; null: there is none.</summary>
    static string? StartOf(int process)
    {
        string? stat = Text(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        string[] fields = stat?[(stat.LastIndexOf(')') + 2)..].Split(' ') ?? [];
        return fields.Length > StartAfterName && fields[StateAfterName] is not ("Z" or "X")
            ? fields[StartAfterName]
            : null;
    }

    static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
