using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>
/// Gathers tensors and writes them as one safetensors file: the same tensors in the same order give the
/// same bytes. Tensors are kept, not copied, until they are written.
/// </summary>
public sealed class SafetensorsWriter
{
    static readonly JsonWriterOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly OrderedDictionary<string, Pending> _tensors = [];
    readonly KeyValuePair<string, string>[] _metadata;

    /// <param name="metadata">Left out, it is format = pt, without which transformers refuses a file.</param>
    public SafetensorsWriter(IEnumerable<KeyValuePair<string, string>>? metadata = null) =>
        _metadata = metadata?.ToArray() ?? [new("format", "pt")];

    /// <summary>As F32, F16 or BF16; a number that becomes infinite in it is refused when written.</summary>
    public void Add(string name, Tensor tensor, DType type = DType.F32)
    {
        if (type is not (DType.F32 or DType.F16 or DType.BF16))
        {
            throw new ArgumentException(
                $"Tensor '{Printable.Escape(name)}' cannot be written as {type}; F32, F16 or BF16 can."
            );
        }

        int[] extents = tensor.Shape.Extents.ToArray();
        Add(name, type, extents, (Stream to) => NumberFormats.Write(name, tensor.Span, type, to));
    }

    public void Add(string name, long[] values, params ReadOnlySpan<int> extents) =>
        Add(name, DType.I64, values.Length, extents, to => NumberFormats.Write(values, to));

    /// <summary>Bytes as U8; state of any other kind goes into a file so.</summary>
    public void Add(string name, byte[] bytes, params ReadOnlySpan<int> extents) =>
        Add(name, DType.U8, bytes.Length, extents, to => to.Write(bytes));

    /// <summary>Signed bytes as I8.</summary>
    public void Add(string name, sbyte[] values, params ReadOnlySpan<int> extents) =>
        Add(
            name,
            DType.I8,
            values.Length,
            extents,
            to => to.Write(MemoryMarshal.AsBytes<sbyte>(values))
        );

    /// <summary>As <see cref="Write(string)"/>; the file carries a hash of itself, which <see cref="TensorSeal"/> looks at.</summary>
    public void WriteSealed(string path)
    {
        KeyValuePair<string, string>[] metadata =
        [
            .. _metadata,
            new(TensorSeal.Field, TensorSeal.Open),
        ];
        byte[] header = Header(metadata);
        TensorSeal.Close(header, to => WriteTo(to, header));
        Write(path, header);
    }

    /// <summary>Replaces the file when everything is on the disk; until then the old one stays.</summary>
    public void Write(string path) => Write(path, Header(_metadata));

    void Write(string path, byte[] header)
    {
        AtomicFile.Write(
            path,
            to => WriteTo(to, header),
            header.Length + _tensors.Values.Sum(t => t.Length)
        );
    }

    public void WriteTo(Stream stream) => WriteTo(stream, Header(_metadata));

    void WriteTo(Stream stream, byte[] header)
    {
        stream.Write(header);
        foreach (Pending tensor in Laid())
        {
            tensor.Write(stream);
        }
    }

    void Add(string name, DType type, int count, ReadOnlySpan<int> extents, Action<Stream> write)
    {
        int[] shape = extents.IsEmpty ? [count] : extents.ToArray();
        if (new Shape(shape).Count != count)
        {
            throw new ArgumentException(
                $"'{Printable.Escape(name)}' has {count} values, which do not fill "
                    + $"[{string.Join(", ", shape)}]."
            );
        }

        Add(name, type, shape, write);
    }

    void Add(string name, DType type, int[] extents, Action<Stream> write)
    {
        if (!SafetensorsHeader.IsName(name) || name == "__metadata__")
        {
            throw new ArgumentException(
                $"'{Printable.Escape(name)}' cannot name a tensor: plain characters, at most "
                    + $"{SafetensorsHeader.LongestName} bytes and not '__metadata__' were expected."
            );
        }

        if (extents.Length > SafetensorsHeader.MostAxes)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {extents.Length} axes; at most {SafetensorsHeader.MostAxes} can be read back."
            );
        }

        long count = new Shape(extents).Count;
        Pending tensor = new(name, type, extents, count * SafetensorsTypes.Size(type), write);
        if (!_tensors.TryAdd(name, tensor))
        {
            throw new ArgumentException($"A tensor '{name}' has been added already.");
        }
    }

    /// <summary>Wide elements first, otherwise as added: so every tensor starts at a multiple of its element
    /// size, which readers that look at the bytes in place need.</summary>
    IEnumerable<Pending> Laid() =>
        _tensors.Values.OrderByDescending(t => SafetensorsTypes.Size(t.Type));

    /// <summary>Its length in 8 bytes, then JSON padded with spaces to a multiple of 8.</summary>
    byte[] Header(KeyValuePair<string, string>[] metadata)
    {
        Dictionary<string, long> begins = [];
        long next = 0;
        foreach (Pending tensor in Laid())
        {
            begins.Add(tensor.Name, next);
            next += tensor.Length;
        }

        ArrayBufferWriter<byte> buffer = new();
        buffer.GetSpan(SafetensorsHeader.Prefix);
        buffer.Advance(SafetensorsHeader.Prefix);
        using (Utf8JsonWriter json = new(buffer, Relaxed))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            foreach (Pending tensor in _tensors.Values)
            {
                tensor.WriteHeader(json, begins[tensor.Name]);
            }

            json.WriteEndObject();
        }

        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        byte[] header = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - SafetensorsHeader.Prefix);
        return header;
    }

    static void WriteMetadata(Utf8JsonWriter json, KeyValuePair<string, string>[] metadata)
    {
        if (metadata.Length == 0)
        {
            return;
        }

        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    sealed record Pending(string Name, DType Type, int[] Extents, long Length, Action<Stream> Write)
    {
        public void WriteHeader(Utf8JsonWriter json, long begin)
        {
            json.WriteStartObject(Name);
            json.WriteString("dtype", SafetensorsTypes.Name(Type));
            json.WriteStartArray("shape");
            foreach (int extent in Extents)
            {
                json.WriteNumberValue(extent);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(begin);
            json.WriteNumberValue(begin + Length);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
