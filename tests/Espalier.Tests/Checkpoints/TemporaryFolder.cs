using System.Buffers.Binary;
using System.Text;

namespace Espalier.Tests.Checkpoints;

/// <summary>A folder of one test, gone when the test ends.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("espalier-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public string Write(string name, string content) =>
        Write(name, Encoding.UTF8.GetBytes(content));

    /// <summary>Names of everything directly inside, sorted.</summary>
    public IEnumerable<string> Names() =>
        Directory
            .EnumerateFileSystemEntries(Path)
            .Select(e => System.IO.Path.GetFileName(e)!)
            .Order(StringComparer.Ordinal);

    /// <summary>The bytes of a safetensors file with any header and zeros for data.</summary>
    public static byte[] Safetensors(
        ReadOnlySpan<byte> header,
        int dataBytes,
        ulong? claimed = null
    )
    {
        byte[] file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed ?? (ulong)header.Length);
        header.CopyTo(file.AsSpan(8));
        return file;
    }

    public static byte[] Safetensors(string header, int dataBytes, ulong? claimed = null) =>
        Safetensors(Encoding.UTF8.GetBytes(header), dataBytes, claimed);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>Takes away a folder where others, about to end, may still write; where they do not end, it stays.</summary>
    public static void Remove(string folder)
    {
        for (int tries = 0; tries < 50; tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(100);
            }
        }
    }
}
