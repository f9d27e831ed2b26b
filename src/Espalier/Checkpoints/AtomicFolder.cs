namespace Espalier.Checkpoints;

/// <summary>
/// A folder that appears whole or not at all. It is filled under <see cref="Path"/>, beside its place;
/// <see cref="Commit"/> flushes everything and puts it there in one rename. Disposed without a commit, it
/// leaves nothing behind and what was there before untouched.
/// </summary>
public sealed class AtomicFolder : IDisposable
{
    readonly string _target;
    readonly string _output;
    readonly bool _overwrite;
    readonly IDisposable? _held;
    bool _ended;

    AtomicFolder(string target, string output, bool overwrite, string path)
    {
        _target = target;
        _output = output;
        _overwrite = overwrite;
        Path = path;
        _held = Leftovers.Hold(path);
        Leftovers.Sweep(System.IO.Path.GetDirectoryName(path)!, path);
    }

    /// <summary>Where to write until the commit.</summary>
    public string Path { get; }

    /// <summary>Refuses a place that is taken: a file, a link, or a folder with something in it unless it is
    /// to be overwritten.</summary>
    public static AtomicFolder Begin(string output, bool overwrite = false)
    {
        string target = System.IO.Path.TrimEndingDirectorySeparator(
            System.IO.Path.GetFullPath(output)
        );
        string parent =
            System.IO.Path.GetDirectoryName(target)
            ?? throw new OutputException($"{output} is the root of a disk; name a folder in it.");
        return Durable.Explaining(
            output,
            () =>
            {
                Restore(target);
                CheckFree(target, output, overwrite);
                Durable.MakeFolders(parent);
                return new AtomicFolder(target, output, overwrite, MakeBeside(parent));
            }
        );
    }

    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        string? old = Durable.Explaining(
            _output,
            () =>
            {
                Durable.FlushTree(Path);
                CheckFree(_target, _output, _overwrite);
                return Publish(Path, _target, LibC.TrySwap);
            }
        );
        _ended = true;
        _held?.Dispose();
        if (old is not null)
        {
            DeleteReplaced(old);
        }
    }

    public void Dispose()
    {
        if (!_ended && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }

        _held?.Dispose();
        _ended = true;
    }

    /// <summary>
    /// Puts a finished folder in its place and tells where the one it replaced is now, to be deleted. Both are
    /// swapped in one step. Where the system cannot swap, the old one steps aside first; a crash between the two
    /// renames leaves both, and the next <see cref="Begin"/> puts the old one back.
    /// </summary>
    internal static string? Publish(string from, string target, Func<string, string, bool> trySwap)
    {
        string parent = System.IO.Path.GetDirectoryName(target)!;
        try
        {
            if (!Directory.Exists(target))
            {
                Directory.Move(from, target);
                Durable.FlushFolder(parent);
                return null;
            }
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another made it meanwhile.
        }

        string old = from;
        if (OperatingSystem.IsWindows() || !trySwap(from, target))
        {
            old = Aside(target);
            Directory.Move(target, old);
            Directory.Move(from, target);
        }

        Durable.FlushFolder(parent);
        return old;
    }

    void DeleteReplaced(string old)
    {
        try
        {
            Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!Directory.Exists(old))
            {
                return; // another process took it for a leftover, which it was
            }

            throw new OutputException(
                $"{_output} is written, but what it replaced is still at {old} "
                    + $"({e.Message.TrimEnd('.')}); delete that folder by hand.",
                e
            );
        }
    }

    internal static string Aside(string target) =>
        System.IO.Path.Combine(
            System.IO.Path.GetDirectoryName(target)!,
            $".{System.IO.Path.GetFileName(target)}.espalier-old"
        );

    static void Restore(string target)
    {
        string aside = Aside(target);
        if (!Directory.Exists(aside))
        {
            return;
        }

        if (Directory.Exists(target))
        {
            Directory.Delete(aside, recursive: true);
        }
        else
        {
            Directory.Move(aside, target);
        }
    }

    static void CheckFree(string target, string output, bool overwrite)
    {
        if (new DirectoryInfo(target).LinkTarget is not null)
        {
            throw new OutputException($"{output} is a link; name the folder it stands for.");
        }

        if (File.Exists(target))
        {
            throw new OutputException($"{output} is a file; a folder is to be written there.");
        }

        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
        {
            return;
        }

        if (!overwrite)
        {
            throw new OutputException(
                $"{output} exists and is not empty; choose another output or ask to overwrite it."
            );
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (Holds(target, Environment.CurrentDirectory) || (home.Length > 0 && Holds(target, home)))
        {
            throw new OutputException(
                $"{output} holds the current folder or your home and is never overwritten; "
                    + "choose another output."
            );
        }
    }

    static bool Holds(string folder, string inner) =>
        (inner + System.IO.Path.DirectorySeparatorChar).StartsWith(
            folder + System.IO.Path.DirectorySeparatorChar,
            StringComparison.Ordinal
        );

    /// <summary>A folder that was not there and is nobody else's, whoever asks at the same time.</summary>
    internal static string MakeBeside(string parent)
    {
        while (true)
        {
            string candidate = AtomicFile.Beside(parent, "dir");
            if (OperatingSystem.IsWindows())
            {
                // .NET does not tell whether a folder was there before; the name is this process's and new.
                if (!Directory.Exists(candidate))
                {
                    return Directory.CreateDirectory(candidate).FullName;
                }
            }
            else if (LibC.MakeFolder(candidate))
            {
                return candidate;
            }
            else if (LibC.Error != LibC.Exists)
            {
                throw Durable.FromError(LibC.Error);
            }
        }
    }
}
