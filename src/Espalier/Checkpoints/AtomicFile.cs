namespace Espalier.Checkpoints;

/// <summary>
/// A file that appears whole or not at all: written beside its place, flushed, then renamed over it. Until
/// the rename the old content stays as it was.
/// </summary>
public static class AtomicFile
{
    const int WindowsFileExists = unchecked((int)0x80070050);
    static int _made;

    /// <summary>Makes the folders above and replaces a file at the path. With the size, or a bound of it, a
    /// disk too full is found before any work.</summary>
    public static void Write(string path, Action<Stream> fill, long size = 0)
    {
        string target = Path.GetFullPath(path);
        if (Directory.Exists(target))
        {
            throw new OutputException($"{path} is a folder, so no file can be written there.");
        }

        string folder = Path.GetDirectoryName(target)!;
        FileStream file = Durable.Explaining(path, () => CreateBeside(target));
        bool moved = false;
        try
        {
            Leftovers.Sweep(folder, file.Name);
            FillWhole(path, file, fill, size);
            if (OperatingSystem.IsWindows())
            {
                file.Dispose(); // elsewhere it stays open, and so locked, until it has its name
            }

            Durable.Explaining(path, () => File.Move(file.Name, target, overwrite: true));
            moved = true;
            file.Dispose();
            Durable.FlushFolder(folder);
        }
        catch (IOException e) when (IsOurs(e, file.Name))
        {
            throw Durable.Explain(e, path);
        }
        finally
        {
            if (!moved)
            {
                Drop(file);
            }
        }
    }

    public static void Write(string path, ReadOnlyMemory<byte> content) =>
        Write(path, stream => stream.Write(content.Span), content.Length);

    static void Drop(FileStream file)
    {
        try
        {
            file.Dispose();
        }
        catch (IOException)
        {
            // It tries once more to write what it could not; that failure is told already.
        }

        File.Delete(file.Name);
    }

    static void FillWhole(string path, FileStream file, Action<Stream> fill, long size)
    {
        if (!LibC.Reserve(file.SafeFileHandle, size))
        {
            throw Durable.FromError(LibC.Error);
        }

        fill(file);
        file.SetLength(file.Position); // the reserved size was an upper bound
        file.Flush(flushToDisk: OperatingSystem.IsWindows());
        Durable.Flush(file.SafeFileHandle, path);
    }

    /// <summary>Whether writing failed, and not the reading of something else that is copied here.</summary>
    static bool IsOurs(IOException failure, string temporary) =>
        failure is not OutputException
        && (
            Durable.IsOutOfSpace(failure)
            || failure.Message.Contains(temporary, StringComparison.Ordinal)
        );

    static FileStream CreateBeside(string target)
    {
        string folder = Path.GetDirectoryName(target)!;
        Durable.MakeFolders(folder);
        while (true)
        {
            string path = Beside(folder, "tmp");
            try
            {
                return new FileStream(
                    path,
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.Read,
                    1 << 16
                );
            }
            catch (IOException e) when (e.HResult is LibC.Exists or WindowsFileExists)
            {
                // Left behind by a process that was killed and had this one's number.
            }
            catch (IOException e) when (e.HResult is LibC.Again or LibC.AgainOnMac)
            {
                // Made, but a sweep looked at it before it was locked, and leaves what is empty and young.
                File.Delete(path);
            }
        }
    }

    /// <summary>
    /// Short, so that a name of 255 bytes can still be written. No name comes twice: a sweep may still look at what had it before.
    /// </summary>
    internal static string Beside(string folder, string kind) =>
        Path.Combine(
            folder,
            $".espalier-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}.{kind}"
        );
}
