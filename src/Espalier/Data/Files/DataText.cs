using System.Reflection;
using System.Text;
using System.Text.Unicode;
using Espalier.Checkpoints;

namespace Espalier.Data.Files;

/// <summary>The text of one file of data, proven to be UTF-8, without a byte order mark.</summary>
sealed record DataText(string Path, ReadOnlyMemory<byte> Bytes)
{
    // As one piece of memory.
    const long Largest = 1L << 30;

    /// <summary>Null after having told <paramref name="problems"/> what is wrong with the file.</summary>
    public static DataText? FromFile(string path, DataProblems problems)
    {
        if (!System.IO.Path.Exists(path))
        {
            problems.Add($"{path} does not exist; a file of data was expected there.");
            return null;
        }

        try
        {
            return FromBytes(path, RegularFile.ReadAll(path, "a file of data", Largest), problems);
        }
        catch (InvalidDataException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    /// <summary>Each line without its end, counted from 1.</summary>
    public IEnumerable<(int Number, ReadOnlyMemory<byte> Text)> Lines()
    {
        ReadOnlyMemory<byte> rest = Bytes;
        for (int line = 1; !rest.IsEmpty; line++)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            yield return (line, end < 0 ? rest : rest[..end]);
            rest = end < 0 ? default : rest[(end + 1)..];
        }
    }

    /// <summary>A file that this library carries, named as in src/Espalier/Data/Shipped.</summary>
    public static DataText FromLibrary(string name)
    {
        using Stream stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException(
                $"The library was built without its data '{name}'."
            );
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new DataText(name, bytes);
    }

    internal static DataText? FromBytes(
        string path,
        ReadOnlyMemory<byte> file,
        DataProblems problems
    )
    {
        ReadOnlySpan<byte> bytes = file.Span;
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        int start = bytes.StartsWith(mark) ? mark.Length : 0;
        if (bytes.Length == start)
        {
            problems.Add($"{path} is empty; it should hold one example a line.");
            return null;
        }

        // UTF-16 is full of them, and so is anything that is no text.
        int nul = bytes.IndexOf((byte)0);
        if (nul >= 0)
        {
            problems.Add(
                $"{path} at byte {nul} (line {LineOf(bytes, nul)}): a NUL byte; the file is not UTF-8 text. Save it as UTF-8."
            );
            return null;
        }

        if (!Utf8.IsValid(bytes))
        {
            int at = JsonFile.FirstInvalid(bytes);
            problems.Add(
                $"{path} at byte {at} (line {LineOf(bytes, at)}): 0x{bytes[at]:x2} is not UTF-8 there. Save the file as UTF-8."
            );
            return null;
        }

        return new DataText(path, file[start..]);
    }

    static int LineOf(ReadOnlySpan<byte> bytes, int at) => bytes[..at].Count((byte)'\n') + 1;
}
