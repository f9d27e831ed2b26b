using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>
/// Reads the head of a GGUF file (ggml's docs/gguf.md, versions 2 and 3) and proves what it says of the tensors against the length
/// of the file. As strict as llama.cpp: a key or a tensor twice, an array of arrays, a tensor beside its alignment are refused.
/// </summary>
sealed class GgufParser
{
    const int MostAxes = 4;
    const uint UsualAlignment = 32;
    const uint MostAlignment = 1 << 16;
    const int LeastKey = 8 + 4 + 1;
    const int LeastTensor = 8 + 4 + 4 + 8;
    public const string AlignmentKey = "general.alignment";

    // csharpier-ignore-start
    enum Kind : uint { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 }
    // csharpier-ignore-end

    readonly string _path;
    readonly long _length;
    readonly GgufCursor _cursor;

    public GgufParser(string path, GgufCursor cursor, long length)
    {
        (_path, _cursor, _length) = (path, cursor, length);
        uint version = Version();
        int tensors = cursor.Count(LeastTensor, "the number of tensors"),
            keys = cursor.Count(LeastKey, "the number of keys");
        OrderedDictionary<string, object> values = [];
        for (int i = 0; i < keys; i++)
        {
            ReadKey(values);
        }

        Fields = new GgufFields(path, values);
        FormatVersion = version;
        Alignment = AlignmentOf(Fields);
        Tensors = ReadTensors(tensors);
    }

    public uint FormatVersion { get; }
    public GgufFields Fields { get; }
    public uint Alignment { get; }

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; }

    uint Version()
    {
        uint magic = _cursor.Number<uint>("the four letters GGUF at its beginning");
        if (magic != 0x46554747)
        {
            throw _cursor.Refuse(0, "the file does not begin with the letters GGUF");
        }

        uint version = _cursor.Number<uint>("its version");
        return version switch
        {
            2 or 3 => version,
            0x02000000 or 0x03000000 => throw _cursor.Refuse(
                4,
                "the file was written for a big-endian machine; convert it first (gguf_convert_endian.py of llama.cpp)"
            ),
            _ => throw _cursor.Refuse(
                4,
                $"the version of the format is {version}; 2 or 3 was expected, so convert the model with a llama.cpp of today"
            ),
        };
    }

    void ReadKey(OrderedDictionary<string, object> values)
    {
        long at = _cursor.At;
        string key = _cursor.Text("the name of a key"),
            shown = $"key '{Printable.Escape(key)}'";
        if (key.Length == 0 || !SafetensorsHeader.IsName(key))
        {
            throw _cursor.Refuse(
                at,
                $"{shown} has no name, hidden characters in it or more than {SafetensorsHeader.LongestName} bytes; fetch the file again"
            );
        }

        Kind kind = (Kind)_cursor.Number<uint>(shown);
        object value = kind == Kind.Array ? ReadArray(shown) : ReadOne(kind, shown);
        if (!values.TryAdd(key, value))
        {
            throw _cursor.Refuse(at, $"{shown} is there twice; write the file again");
        }
    }

    object ReadOne(Kind kind, string what) =>
        kind switch
        {
            Kind.U8 => _cursor.Number<byte>(what),
            Kind.I8 => _cursor.Number<sbyte>(what),
            Kind.U16 => _cursor.Number<ushort>(what),
            Kind.I16 => _cursor.Number<short>(what),
            Kind.U32 => _cursor.Number<uint>(what),
            Kind.I32 => _cursor.Number<int>(what),
            Kind.U64 => _cursor.Number<ulong>(what),
            Kind.I64 => _cursor.Number<long>(what),
            Kind.F32 => _cursor.Number<float>(what),
            Kind.F64 => _cursor.Number<double>(what),
            Kind.Bool => Truth(_cursor.Number<byte>(what), what),
            Kind.String => _cursor.Text(what),
            _ => throw Unknown(kind, what),
        };

    Array ReadArray(string what)
    {
        Kind kind = (Kind)_cursor.Number<uint>(what);
        string items = "the number of items of " + what;
        switch (kind)
        {
            case Kind.U8:
                return Numbers<byte>(items);
            case Kind.I8:
                return Numbers<sbyte>(items);
            case Kind.U16:
                return Numbers<ushort>(items);
            case Kind.I16:
                return Numbers<short>(items);
            case Kind.U32:
                return Numbers<uint>(items);
            case Kind.I32:
                return Numbers<int>(items);
            case Kind.U64:
                return Numbers<ulong>(items);
            case Kind.I64:
                return Numbers<long>(items);
            case Kind.F32:
                return Numbers<float>(items);
            case Kind.F64:
                return Numbers<double>(items);
            case Kind.Bool:
                return Array.ConvertAll(Numbers<byte>(items), b => Truth(b, what));
            case Kind.String:
                string[] texts = new string[_cursor.Count(sizeof(long), items)];
                for (int i = 0; i < texts.Length; i++)
                {
                    texts[i] = _cursor.Text("an item of " + what);
                }

                return texts;
            default:
                throw Unknown(kind, what);
        }
    }

    T[] Numbers<T>(string items)
        where T : unmanaged
    {
        T[] numbers = new T[_cursor.Count(Unsafe.SizeOf<T>(), items)];
        for (int at = 0; at < numbers.Length; at += 1 << 20)
        {
            Span<T> part = numbers.AsSpan(at, Math.Min(1 << 20, numbers.Length - at));
            _cursor.Fill(MemoryMarshal.AsBytes(part), items);
        }

        return numbers;
    }

    bool Truth(byte value, string what) =>
        value <= 1
            ? value == 1
            : throw _cursor.Refuse(
                _cursor.At - 1,
                $"{what} is a truth value of {value}; 0 or 1 was expected"
            );

    InvalidDataException Unknown(Kind kind, string what) =>
        _cursor.Refuse(
            _cursor.At - sizeof(uint),
            kind == Kind.Array
                ? $"{what} is an array of arrays, which no reader of GGUF takes; write the file again"
                : $"{what} is of kind {(uint)kind}; 0 to 12 are known, so the file is damaged or newer than Espalier"
        );

    static uint AlignmentOf(GgufFields fields)
    {
        int given =
            fields.OptionalInteger(AlignmentKey, 1, (int)MostAlignment) ?? (int)UsualAlignment;
        return BitOperations.IsPow2(given)
            ? (uint)given
            : throw fields.Refuse(AlignmentKey, $"a power of two up to {MostAlignment}");
    }

    ImmutableArray<TensorEntry> ReadTensors(int count)
    {
        List<TensorEntry> tensors = [];
        HashSet<string> names = [];
        for (int i = 0; i < count; i++)
        {
            long at = _cursor.At;
            TensorEntry tensor = ReadTensor(at);
            if (!names.Add(tensor.Name))
            {
                throw _cursor.Refuse(
                    at,
                    $"tensor '{tensor.Name}' is there twice; write the file again"
                );
            }

            tensors.Add(tensor);
        }

        long start = (_cursor.At + Alignment - 1) / Alignment * Alignment;
        for (int i = 0; i < count; i++)
        {
            tensors[i] = tensors[i] with { Offset = start + tensors[i].Offset };
        }

        ProveLayout(tensors);
        return [.. tensors];
    }

    /// <summary>With its offset from where the tensors begin.</summary>
    TensorEntry ReadTensor(long at)
    {
        string name = _cursor.Text("the name of a tensor"),
            shown = $"tensor '{Printable.Escape(name)}'";
        if (name.Length == 0 || !SafetensorsHeader.IsName(name))
        {
            throw _cursor.Refuse(
                at,
                $"{shown} has no name, hidden characters in it or more than {SafetensorsHeader.LongestName} bytes; fetch the file again"
            );
        }

        uint axes = _cursor.Number<uint>(shown);
        if (axes > MostAxes)
        {
            throw _cursor.Refuse(
                at,
                $"{shown} has {axes} axes; at most {MostAxes} are possible, so fetch the file again"
            );
        }

        long[] extents = new long[axes];
        UInt128 elements = 1;
        for (int i = 0; i < axes; i++)
        {
            ulong extent = _cursor.Number<ulong>(shown);
            elements *= extent;
            if (extent > long.MaxValue || elements > long.MaxValue)
            {
                throw _cursor.Refuse(
                    at,
                    $"{shown} has more than 2^63 elements; fetch the file again"
                );
            }

            extents[^(i + 1)] = (long)extent;
        }

        uint number = _cursor.Number<uint>(shown);
        DType type =
            GgufTypes.Find(number)
            ?? throw _cursor.Refuse(
                at,
                $"{shown} is stored as {GgufTypes.Name(number)}; Espalier reads {GgufTypes.Names}, so take another quantization of the model or convert it with llama-quantize"
            );
        BlockSize block = BlockSize.Of(type);
        if (axes > 0 && extents[^1] % block.Numbers != 0)
        {
            throw _cursor.Refuse(
                at,
                $"{shown} of {type} [{string.Join(", ", extents)}] has rows of {extents[^1]}, which are not whole blocks of {block.Numbers}; fetch the file again"
            );
        }

        UInt128 bytes = elements / (uint)block.Numbers * (uint)block.Bytes;
        if (axes == 0 && block.Numbers > 1 || bytes > (UInt128)_length)
        {
            throw _cursor.Refuse(
                at,
                $"{shown} of {type} [{string.Join(", ", extents)}] takes {bytes} bytes and the whole file has {_length}. The download was cut short; fetch it again"
            );
        }

        ulong offset = _cursor.Number<ulong>(shown);
        if (offset % Alignment != 0)
        {
            throw _cursor.Refuse(
                at,
                $"{shown} begins {offset} bytes behind the head, which is no multiple of the alignment {Alignment}; write the file again"
            );
        }

        return offset <= (ulong)_length
            ? new TensorEntry(name, type, [.. extents], (long)offset, (long)bytes)
            : throw _cursor.Refuse(
                at,
                $"{shown} begins {offset} bytes behind the head, past the end of the file of {_length} bytes. The download was cut short; fetch it again"
            );
    }

    void ProveLayout(List<TensorEntry> tensors)
    {
        long next = _cursor.At;
        string before = "";
        foreach (TensorEntry tensor in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (tensor.Offset < next)
            {
                throw new InvalidDataException(
                    $"{_path} at byte {tensor.Offset}: tensor '{tensor.Name}' overlaps tensor '{before}', which ends at byte {next}; write the file again."
                );
            }

            if (tensor.Length > _length - tensor.Offset)
            {
                throw new InvalidDataException(
                    $"{_path} at byte {tensor.Offset}: tensor '{tensor.Name}' ends {tensor.Length - (_length - tensor.Offset)} bytes past the file. The download was cut short; fetch it again."
                );
            }

            next = tensor.Offset + tensor.Length;
            before = tensor.Name;
        }
    }
}
