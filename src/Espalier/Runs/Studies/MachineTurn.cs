using Espalier.Checkpoints;

namespace Espalier.Runs.Studies;

/// <summary>
/// Whose turn it is on this machine, among all processes of this user: many may train at once, who measures is alone.
/// Where someone else may have put what stands in the lock's place, nobody waits, and a note says so: a turn is worth no
/// hours of work.
/// </summary>
/// <param name="file">On a disk of this machine, in a folder that is this user's alone.</param>
/// <param name="note">Is told when there is someone to wait for.</param>
public sealed class MachineTurn(string file, Action<string>? note)
{
    const string FileName = "machine.lock";
    const string Session = "XDG_RUNTIME_DIR";

    bool _isTold;

    /// <summary>In the folder of this user's session where there is one, else in one of the temporary folder.</summary>
    /// <param name="environment">Of the process where null.</param>
    public static MachineTurn Here(
        Action<string>? note,
        Func<string, string?>? environment = null,
        string? temporary = null
    )
    {
        string? session = (environment ?? Environment.GetEnvironmentVariable)(Session);
        bool isOwn =
            OperatingSystem.IsLinux()
            && session is ['/', ..]
            && OwnPlace.WhyNotOwn(session) is null;
        string folder = isOwn
            ? Path.Combine(session!, "espalier")
            : Path.Combine(temporary ?? Path.GetTempPath(), $"espalier-{Environment.UserName}");
        return new(Path.Combine(folder, FileName), note);
    }

    public IDisposable ToWork(CancellationToken stop) =>
        Take(shared: true, "Waiting: another study measures times on this machine.", stop);

    public IDisposable ToMeasure(CancellationToken stop) =>
        Take(
            shared: false,
            "Waiting: another study works on this machine, and times are taken alone.",
            stop
        );

    IDisposable Take(bool shared, string waiting, CancellationToken stop)
    {
        string folder = Path.GetDirectoryName(file)!;
        if (OperatingSystem.IsLinux() && OwnPlace.MakeOwn(folder) is { } why)
        {
            return None($"{folder} {why}");
        }

        try
        {
            return FileLock.Take(file, shared, () => note?.Invoke(waiting), stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None($"{file} cannot be a lock ({e.Message.TrimEnd('.')})");
        }
    }

    NoTurn None(string why)
    {
        if (!Interlocked.Exchange(ref _isTold, true))
        {
            note?.Invoke(
                $"{Printable.Escape(why)}, so studies do not wait for one another while times are taken; remove it, or set {Session} to a folder of your own."
            );
        }

        return new NoTurn();
    }

    sealed class NoTurn : IDisposable
    {
        public void Dispose() { }
    }
}
