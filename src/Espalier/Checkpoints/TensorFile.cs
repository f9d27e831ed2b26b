using System.Collections.Immutable;
using Espalier.Tensors;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// A file of named tensors, open for reading. What it says of them is proven against the file when it is opened;
/// tensors are read one by one, by position, from any number of threads.
/// </summary>
public abstract class TensorFile : IDisposable
{
    readonly SafeFileHandle _file;
    readonly long _length;
    readonly DateTime _written;

    private protected TensorFile(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        _length = RandomAccess.GetLength(file);
        _written = File.GetLastWriteTimeUtc(file);
    }

    public string Path { get; }

    /// <summary>In the order of the header.</summary>
    public abstract ImmutableArray<TensorEntry> Tensors { get; }

    public abstract TensorEntry? Find(string name);

    /// <summary>The numbers of an F32, F16, BF16 or F64 tensor as float32; only F64 may round.</summary>
    public Tensor Read(string name)
    {
        TensorEntry entry = Entry(name);
        if (entry.Type is not (DType.F32 or DType.F16 or DType.BF16 or DType.F64))
        {
            string holds =
                BlockSize.Of(entry.Type).Numbers > 1
                    ? "is stored in blocks"
                    : "holds whole numbers";
            throw Refuse(entry, $"{holds}; F32, F16, BF16 or F64 was expected");
        }

        Tensor tensor = new(ToShape(entry));
        NumberFormats.Read(entry.Type, tensor.Span, Filler(entry));
        CheckUnchanged(entry);
        return tensor;
    }

    /// <summary>As <see cref="Read"/>; NaN and infinity, which no sound model holds, are refused.</summary>
    public Tensor ReadFinite(string name)
    {
        Tensor tensor = Read(name);
        int at = FirstNonFinite(tensor.Span);
        return at < 0
            ? tensor
            : throw Refuse(
                Entry(name),
                $"holds {tensor.Span[at]} at index {at}; the training that made it diverged or the file "
                    + "is damaged, so fetch it again or use an earlier checkpoint"
            );
    }

    /// <summary>Index of the first NaN or infinity; -1 if there is none.</summary>
    public static int FirstNonFinite(ReadOnlySpan<float> values) =>
        NumberFormats.FirstNonFinite(values);

    /// <summary>The numbers of an I64, I32, I16, I8, U8 or BOOL tensor.</summary>
    public long[] ReadInt64(string name)
    {
        TensorEntry entry = Entry(name);
        if (
            entry.Type
            is not (DType.I64 or DType.I32 or DType.I16 or DType.I8 or DType.U8 or DType.Bool)
        )
        {
            throw Refuse(entry, "holds fractions; I64, I32, I16, I8, U8 or BOOL was expected");
        }

        long[] numbers = new long[Fitting(entry, entry.Count)];
        NumberFormats.Read(entry.Type, numbers, Filler(entry));
        CheckUnchanged(entry);
        return numbers;
    }

    /// <summary>The bytes of a tensor of any type, little-endian as in the file.</summary>
    public byte[] ReadBytes(string name)
    {
        TensorEntry entry = Entry(name);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Fitting(entry, entry.Length));
        RegularFile.Fill(_file, Path, entry.Offset, bytes);
        CheckUnchanged(entry);
        return bytes;
    }

    /// <summary>Some of the bytes of a tensor, from a distance behind its start, without memory of their own.</summary>
    public void Fill(TensorEntry entry, long from, Span<byte> bytes)
    {
        RegularFile.Fill(_file, Path, entry.Offset + from, bytes);
        CheckUnchanged(entry);
    }

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SafeFileHandle Handle => _file;

    private protected long Length => _length;

    TensorEntry Entry(string name) =>
        Find(name)
        ?? throw new InvalidDataException(
            $"{Path}: there is no tensor '{Printable.Escape(name)}' among its {Tensors.Length} tensors"
                + (Tensors.Length == 0 ? "." : $" (the first is '{Tensors[0].Name}').")
        );

    Shape ToShape(TensorEntry entry)
    {
        const int padding = 16; // floats a Tensor adds to align its memory
        _ = Fitting(entry, entry.Count + padding);
        return entry.Extents.All(e => e <= int.MaxValue)
            ? new Shape([.. entry.Extents.Select(e => (int)e)])
            : throw Refuse(
                entry,
                $"has an extent above {int.MaxValue}, which no tensor here can have"
            );
    }

    int Fitting(TensorEntry entry, long count) =>
        count <= Array.MaxLength
            ? (int)count
            : throw Refuse(
                entry,
                $"is too large to be read at once (at most {Array.MaxLength} elements)"
            );

    NumberFormats.Fill Filler(TensorEntry entry) =>
        (offset, bytes) => RegularFile.Fill(_file, Path, entry.Offset + offset, bytes);

    void CheckUnchanged(TensorEntry entry)
    {
        if (RandomAccess.GetLength(_file) != _length || File.GetLastWriteTimeUtc(_file) != _written)
        {
            throw Refuse(
                entry,
                "was read while something wrote the file; let the writer finish and try again"
            );
        }
    }

    InvalidDataException Refuse(TensorEntry entry, string sentence) =>
        new(
            $"{Path}: tensor '{entry.Name}' of {SafetensorsTypes.Name(entry.Type)} "
                + $"[{string.Join(", ", entry.Extents)}] {sentence}."
        );
}
