using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>A safetensors file.</summary>
public sealed class SafetensorsFile : TensorFile
{
    const string Expected = "a safetensors file";
    readonly SafetensorsHeader _header;

    SafetensorsFile(string path, SafeFileHandle file)
        : base(path, file) => _header = ReadHeader(path, file, Length);

    public override ImmutableArray<TensorEntry> Tensors => _header.Tensors;

    /// <summary>Free text about the file; may hold any character, so print it with <see cref="Printable"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle file = RegularFile.Open(path, Expected);
        try
        {
            return new SafetensorsFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override TensorEntry? Find(string name) => _header.Find(name);

    static SafetensorsHeader ReadHeader(string path, SafeFileHandle file, long length)
    {
        if (length < SafetensorsHeader.Prefix)
        {
            throw new InvalidDataException(
                $"{path} is {length} bytes long; a safetensors file starts with 8 bytes that say how long "
                    + "its header is. The download was cut short; fetch it again."
            );
        }

        Span<byte> prefix = stackalloc byte[SafetensorsHeader.Prefix];
        RegularFile.Fill(file, path, 0, prefix);
        if (prefix.SequenceEqual("version "u8))
        {
            throw new InvalidDataException(
                $"{path} is a Git LFS pointer and not the weights; run `git lfs pull` beside it."
            );
        }

        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (claimed is 0 or > SafetensorsHeader.LongestHeader)
        {
            throw new InvalidDataException(
                $"{path} at byte 0: the header is said to be {claimed} bytes long; from 2 to "
                    + $"{SafetensorsHeader.LongestHeader} were expected. Is this a safetensors file?"
            );
        }

        if ((long)claimed > length - SafetensorsHeader.Prefix)
        {
            throw new InvalidDataException(
                $"{path} at byte 0: the header is said to be {claimed} bytes long and the file has "
                    + $"{length}. The download was cut short; fetch it again."
            );
        }

        byte[] json = GC.AllocateUninitializedArray<byte>((int)claimed);
        RegularFile.Fill(file, path, SafetensorsHeader.Prefix, json);
        return SafetensorsHeader.Parse(path, json, length);
    }
}
