using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// Reading files of others: opened without waiting, refused when they are no regular file, read by
/// position. Never mapped into memory, because a mapped file that another process cuts kills .NET.
/// </summary>
public static class RegularFile
{
    public static SafeFileHandle Open(string path, string expected)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path} is a folder; {expected} was expected.");
        }

        SafeFileHandle file = OpenAtOnce(path, expected);
        try
        {
            // A device says that it holds nothing and gives bytes for ever.
            Span<byte> first = stackalloc byte[1];
            if (RandomAccess.GetLength(file) > 0 || RandomAccess.Read(file, first, 0) == 0)
            {
                return file;
            }

            file.Dispose();
            throw new InvalidDataException(
                $"{path} is a device or a file of the system, whose length nobody knows; {expected} was expected."
            );
        }
        catch (Exception e) when (e is NotSupportedException or IOException)
        {
            file.Dispose();
            throw new InvalidDataException(
                $"{path} is a pipe, a terminal or a device; {expected} was expected.",
                e
            );
        }
    }

    /// <summary>
    /// Whether a name is taken, by whatever: an optional file that is a folder, or a link whose target is gone, was meant
    /// to be read, and going on without it would answer something else.
    /// </summary>
    public static bool IsThere(string path) =>
        Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>For what is read piece by piece.</summary>
    public static FileStream OpenStream(string path, string expected) =>
        new(Open(path, expected), FileAccess.Read);

    /// <summary>All bytes of a file no longer than <paramref name="most"/>.</summary>
    public static byte[] ReadAll(string path, string expected, long most)
    {
        using SafeFileHandle file = Open(path, expected);
        long length = RandomAccess.GetLength(file);
        if (length > most)
        {
            throw new InvalidDataException(
                $"{path} is {length:N0} bytes long; {expected} of at most {most:N0} bytes was expected."
            );
        }

        byte[] bytes = new byte[length];
        Fill(file, path, 0, bytes);
        return bytes;
    }

    /// <summary>Reads exactly as many bytes as the span takes; a file that has become shorter is refused.</summary>
    public static void Fill(SafeFileHandle file, string path, long at, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int read;
            try
            {
                read = RandomAccess.Read(file, bytes, at);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new InvalidDataException(
                    $"{path} at byte {at}: reading failed ({e.Message.TrimEnd('.')}); "
                        + "check the disk and fetch the file again.",
                    e
                );
            }

            if (read == 0)
            {
                throw new InvalidDataException(
                    $"{path} at byte {at}: the file became shorter while it was being read; "
                        + "let whatever writes it finish and try again."
                );
            }

            at += read;
            bytes = bytes[read..];
        }
    }

    static SafeFileHandle OpenAtOnce(string path, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return File.OpenHandle(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new InvalidDataException(
                    $"{path} cannot be opened ({e.Message.TrimEnd('.')}); {expected} was expected.",
                    e
                );
            }
        }

        SafeFileHandle file = LibC.Open(path);
        if (!file.IsInvalid)
        {
            return file;
        }

        int error = LibC.Error;
        file.Dispose();
        throw new InvalidDataException(
            $"{path} cannot be opened ({Marshal.GetPInvokeErrorMessage(error)}); "
                + $"{expected} was expected."
        );
    }
}
