namespace Espalier.Checkpoints;

/// <summary>
/// A file that appears whole or not at all: written beside its place, flushed, then renamed over it. Until
/// the rename the old content stays as it was.
/// </summary>
public static class AtomicFile
{
    /// <summary>Makes the folders above and replaces a file at the path. With the size, or a bound of it, a
    /// disk too full is found before any work.</summary>
    public static void Write(string path, Action<Stream> fill, long size = 0)
    {
        string target = Path.GetFullPath(path);
        if (Directory.Exists(target))
        {
            throw new OutputException($"{path} is a folder, so no file can be written there.");
        }

        FileStream file = Durable.Explaining(path, () => CreateBeside(target, size));
        try
        {
            using (file)
            {
                FillWhole(path, file, fill);
            }

            Durable.Explaining(path, () => Publish(file.Name, target));
        }
        catch
        {
            File.Delete(file.Name);
            throw;
        }
    }

    public static void Write(string path, ReadOnlyMemory<byte> content) =>
        Write(path, stream => stream.Write(content.Span), content.Length);

    static void FillWhole(string path, FileStream file, Action<Stream> fill)
    {
        try
        {
            fill(file);
            file.SetLength(file.Position); // the reserved size was an upper bound
            Durable.Flush(file);
        }
        catch (IOException e) when (Durable.IsOutOfSpace(e))
        {
            throw Durable.Explain(e, path);
        }
    }

    static FileStream CreateBeside(string target, long size)
    {
        string folder = Path.GetDirectoryName(target)!;
        Durable.MakeFolders(folder);
        for (int n = 0; ; n++)
        {
            string candidate = Beside(folder, n);
            try
            {
                return new FileStream(
                    candidate,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        PreallocationSize = size,
                        BufferSize = 1 << 16,
                    }
                );
            }
            catch (IOException) when (File.Exists(candidate) || Directory.Exists(candidate))
            {
                // Left behind by a process that was killed, or in use by another thread.
            }
        }
    }

    /// <summary>Short, so that a name of 255 bytes can still be written.</summary>
    internal static string Beside(string folder, int n) =>
        Path.Combine(folder, $".espalier-{Environment.ProcessId}-{n}.tmp");

    static void Publish(string from, string target)
    {
        File.Move(from, target, overwrite: true);
        Durable.FlushFolder(Path.GetDirectoryName(target)!);
    }
}
