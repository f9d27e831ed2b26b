using System.Net;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Training.Collective;

/// <summary>
/// Where the processes of a group find each other: a file on a disk that all of them see, which the first writes. It says where that one
/// listens and holds a secret, drawn for this group alone; who may not read the file cannot join.
/// </summary>
/// <param name="Rank">Of this process, from 0.</param>
/// <param name="Size">Processes of the group.</param>
/// <param name="IsHere">Whether all run on this machine, so that nobody else needs to be listened to.</param>
public sealed record MeetingPlace(int Rank, int Size, string File, bool IsHere = false)
{
    public const string RankName = "ESPALIER_RANK";
    public const string SizeName = "ESPALIER_PROCESSES";
    public const string FileName = "ESPALIER_MEETING";
    public const string HereName = "ESPALIER_MEETING_HERE";
    internal const int SecretBytes = 32;
    const string Head = "espalier meeting 1";
    const int MostBytes = 1 << 16;

    /// <summary>
    /// What the environment says: <see cref="RankName"/>, <see cref="SizeName"/> and <see cref="FileName"/>, or the step of Slurm's that
    /// this process is a task of. Null: there is no group.
    /// </summary>
    /// <param name="folder">On a disk that all see; a step's file lies there.</param>
    /// <exception cref="ArgumentException">A variable is no such number, or one is missing.</exception>
    public static MeetingPlace? Of(Func<string, string?> environment, string folder)
    {
        string? file = environment(FileName);
        bool isSlurm = string.IsNullOrEmpty(environment(SizeName));
        int? size = isSlurm
            ? Number("SLURM_STEP_NUM_TASKS", 1, int.MaxValue)
            : Number(SizeName, 1, Communicator.Most);
        if (size is null or 1)
        {
            return null;
        }

        int rank =
            Number(isSlurm ? "SLURM_PROCID" : RankName, 0, size.Value - 1)
            ?? throw new ArgumentException($"{SizeName} is {size}, and {RankName} is not set.");
        if (string.IsNullOrEmpty(file))
        {
            file = isSlurm
                ? Path.Combine(
                    folder,
                    $"meeting-{environment("SLURM_JOB_ID")}-{environment("SLURM_STEP_ID")}"
                )
                : throw new ArgumentException(
                    $"{SizeName} is {size}, and {FileName} names no file on a disk that all processes see."
                );
        }

        if (size > Communicator.Most || !int.IsPow2(size.Value))
        {
            throw new ArgumentException(
                $"{size} processes were asked to train together; 2, 4, 8 and so on up to {Communicator.Most} can."
            );
        }

        return new MeetingPlace(rank, size.Value, file, environment(HereName) == "1");

        int? Number(string name, int least, int most) =>
            environment(name) is not { Length: > 0 } text ? null
            : Numeral.TryWhole(text, out int number) && number >= least && number <= most ? number
            : throw new ArgumentException(
                $"{name} is '{Printable.Escape(text)}'; a whole number from {least} to {most} was expected."
            );
    }

    internal void Write(byte[] secret, IEnumerable<IPEndPoint> addresses)
    {
        string target = Path.GetFullPath(File),
            beside = $"{target}.{Environment.ProcessId}";
        Durable.MakeFolders(Path.GetDirectoryName(target)!);
        System.IO.File.Delete(beside);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(beside, options))
        {
            stream.Write(
                Encoding.UTF8.GetBytes(
                    string.Join(
                        '\n',
                        [
                            Head,
                            Convert.ToHexStringLower(secret),
                            .. addresses.Select(a => $"{a}"),
                            "",
                        ]
                    )
                )
            );
        }

        System.IO.File.Move(beside, target, overwrite: true);
    }

    /// <summary>Null where nobody has written it yet.</summary>
    internal (byte[] Secret, IPEndPoint[] Addresses)? Read()
    {
        if (!System.IO.File.Exists(File))
        {
            return null;
        }

        if (
            !OperatingSystem.IsWindows()
            && (
                System.IO.File.GetUnixFileMode(File)
                & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)
            ) != 0
        )
        {
            throw new InvalidDataException(
                $"{File} is open to others, who could join the training; remove it and start all processes again."
            );
        }

        string[] lines = Encoding
            .UTF8.GetString(
                RegularFile.ReadAll(File, "a file that says where processes meet", MostBytes)
            )
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<IPEndPoint> addresses = [];
        foreach (string line in lines.Skip(2))
        {
            if (IPEndPoint.TryParse(line, out IPEndPoint? address))
            {
                addresses.Add(address);
            }
        }

        return
            lines is [Head, { Length: 2 * SecretBytes } hex, ..]
            && hex.All(char.IsAsciiHexDigit)
            && addresses.Count > 0
            ? (Convert.FromHexString(hex), [.. addresses])
            : throw new InvalidDataException(
                $"{File} is no file that says where processes meet; name another with {FileName}."
            );
    }
}
