using System.Runtime.InteropServices;
using System.Text;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>
/// Gathers metadata and tensors and writes them as one GGUF file of version 3: the same in the same order give the same bytes.
/// Tensors are kept, not copied, until they are written.
/// </summary>
public sealed class GgufWriter
{
    const int Alignment = 32;
    const int StringKind = 8;
    const int ArrayKind = 9;

    static readonly Dictionary<Type, int> Kinds = new()
    {
        [typeof(byte)] = 0,
        [typeof(sbyte)] = 1,
        [typeof(ushort)] = 2,
        [typeof(short)] = 3,
        [typeof(uint)] = 4,
        [typeof(int)] = 5,
        [typeof(float)] = 6,
        [typeof(bool)] = 7,
        [typeof(string)] = StringKind,
        [typeof(ulong)] = 10,
        [typeof(long)] = 11,
        [typeof(double)] = 12,
    };

    readonly OrderedDictionary<string, object> _values = [];
    readonly OrderedDictionary<string, Pending> _tensors = [];

    /// <param name="value">A number of any width, a boolean, a string, or an array of one of them.</param>
    public void Add(string key, object value)
    {
        Type kind = value.GetType();
        if (!Kinds.ContainsKey(kind.GetElementType() ?? kind) || !SafetensorsHeader.IsName(key))
        {
            throw new ArgumentException(
                $"Key '{Printable.Escape(key)}' of {kind.Name} cannot be written: a plain name, and a number, a boolean, a string or an array of one of them were expected."
            );
        }

        if (!_values.TryAdd(key, value))
        {
            throw new ArgumentException($"A key '{key}' has been added already.");
        }
    }

    /// <summary>What another file says, but for how it aligns its tensors.</summary>
    public void Add(GgufFields fields, Func<string, bool>? wanted = null)
    {
        foreach (var (key, value) in fields.Values)
        {
            if (key != GgufParser.AlignmentKey && wanted?.Invoke(key) != false)
            {
                Add(key, value);
            }
        }
    }

    /// <summary>As F32, F16 or BF16; a number that becomes infinite in it is refused when written.</summary>
    public void Add(string name, Tensor tensor, DType type) =>
        Add(
            name,
            tensor.Shape,
            type is DType.F32 or DType.F16 or DType.BF16
                ? type
                : throw new ArgumentException(
                    $"Tensor '{Printable.Escape(name)}' cannot be written as {type}; F32, F16 or BF16 can."
                ),
            to => NumberFormats.Write(name, tensor.Span, type, to)
        );

    /// <param name="write">Writes as many bytes as the type takes for the shape.</param>
    public void Add(string name, Shape shape, DType type, Action<Stream> write)
    {
        BlockSize block = BlockSize.Of(type);
        if (
            !SafetensorsHeader.IsName(name)
            || !GgufTypes.Has(type)
            || shape.Rank is 0 or > 4
            || shape.Columns % block.Numbers != 0
        )
        {
            throw new ArgumentException(
                $"Tensor '{Printable.Escape(name)}' of {type} {shape} cannot be written: a plain name, 1 to 4 axes and rows of whole blocks of {block.Numbers} were expected."
            );
        }

        long length = (long)shape.Count / block.Numbers * block.Bytes;
        if (!_tensors.TryAdd(name, new Pending(shape, type, length, write)))
        {
            throw new ArgumentException($"A tensor '{name}' has been added already.");
        }
    }

    /// <summary>Replaces the file when everything is on the disk; until then the old one stays.</summary>
    public void Write(string path)
    {
        using MemoryStream head = new();
        WriteHead(head);
        AtomicFile.Write(
            path,
            to =>
            {
                head.WriteTo(to);
                WriteTensors(to, head.Length);
            },
            head.Length + _tensors.Values.Sum(t => t.Length + Alignment)
        );
    }

    public void WriteTo(Stream stream)
    {
        using MemoryStream head = new();
        WriteHead(head);
        head.WriteTo(stream);
        WriteTensors(stream, head.Length);
    }

    void WriteHead(Stream to)
    {
        to.Write("GGUF"u8);
        Put(to, 3u);
        Put(to, (long)_tensors.Count);
        Put(to, (long)_values.Count);
        foreach (var (key, value) in _values)
        {
            Put(to, key);
            PutValue(to, value);
        }

        long offset = 0;
        foreach (var (name, tensor) in _tensors)
        {
            Put(to, name);
            Put(to, (uint)tensor.Shape.Rank);
            for (int axis = tensor.Shape.Rank - 1; axis >= 0; axis--)
            {
                Put(to, (long)tensor.Shape[axis]);
            }

            Put(to, GgufTypes.NumberOf(tensor.Type));
            Put(to, offset);
            offset += Padded(tensor.Length);
        }
    }

    void WriteTensors(Stream to, long head)
    {
        Pad(to, head);
        foreach (Pending tensor in _tensors.Values)
        {
            tensor.Write(to);
            Pad(to, tensor.Length);
        }
    }

    static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    static void Pad(Stream to, long length) =>
        to.Write(stackalloc byte[(int)(Padded(length) - length)]);

    static void PutValue(Stream to, object value)
    {
        if (value is not Array items)
        {
            Put(to, Kinds[value.GetType()]);
            PutOne(to, value);
            return;
        }

        Put(to, ArrayKind);
        Put(to, Kinds[value.GetType().GetElementType()!]);
        Put(to, (long)items.Length);
        foreach (object item in items)
        {
            PutOne(to, item);
        }
    }

    static void PutOne(Stream to, object value)
    {
        switch (value)
        {
            case byte v:
                Put(to, v);
                break;
            case sbyte v:
                Put(to, v);
                break;
            case ushort v:
                Put(to, v);
                break;
            case short v:
                Put(to, v);
                break;
            case uint v:
                Put(to, v);
                break;
            case int v:
                Put(to, v);
                break;
            case float v:
                Put(to, v);
                break;
            case bool v:
                Put(to, v);
                break;
            case ulong v:
                Put(to, v);
                break;
            case long v:
                Put(to, v);
                break;
            case double v:
                Put(to, v);
                break;
            default:
                Put(to, (string)value);
                break;
        }
    }

    static void Put(Stream to, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Put(to, (long)bytes.Length);
        to.Write(bytes);
    }

    static void Put<T>(Stream to, T value)
        where T : unmanaged => to.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    sealed record Pending(Shape Shape, DType Type, long Length, Action<Stream> Write);
}
