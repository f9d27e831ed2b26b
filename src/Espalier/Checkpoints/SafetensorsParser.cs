using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>Walks the header once. Nothing nests deeper than the format says, so nothing recurses.</summary>
ref struct SafetensorsParser(string path, ReadOnlySpan<byte> json)
{
    const string MetadataName = "__metadata__";
    readonly int _start = SafetensorsHeader.Prefix + json.Length;
    Utf8JsonReader _reader = new(json);
    readonly HashSet<string> _names = [];

    public List<TensorEntry> Tensors { get; } = [];

    public OrderedDictionary<string, string> Metadata { get; } = [];

    public void Read()
    {
        _reader.Read();
        while (NextName() is { } name)
        {
            if (!_names.Add(name))
            {
                throw Refuse(
                    $"the name '{Printable.Escape(name)}' is there twice; write the file again"
                );
            }

            if (name == MetadataName)
            {
                ReadMetadata();
            }
            else
            {
                ReadTensor(name);
            }
        }

        _reader.Read(); // throws on anything but spaces after the last brace
    }

    void ReadMetadata()
    {
        Open(JsonTokenType.StartObject, $"'{MetadataName}' must be an object of strings");
        while (NextName() is { } key)
        {
            Open(
                JsonTokenType.String,
                $"'{MetadataName}' has a value for '{Printable.Escape(key)}' that is no string"
            );
            if (!Metadata.TryAdd(key, Text()))
            {
                throw Refuse($"'{MetadataName}' has '{Printable.Escape(key)}' twice");
            }
        }
    }

    void ReadTensor(string name)
    {
        string shown = $"tensor '{Printable.Escape(name)}'";
        if (Tensors.Count == SafetensorsHeader.MostTensors)
        {
            throw Refuse(
                $"the file has more than {SafetensorsHeader.MostTensors:N0} tensors; no model needs as many"
            );
        }

        if (!SafetensorsHeader.IsName(name))
        {
            throw Refuse(
                $"{shown} has hidden characters in its name or more than {SafetensorsHeader.LongestName} bytes; "
                    + "write the file again with a plain name"
            );
        }

        Open(JsonTokenType.StartObject, $"{shown} must be an object");
        DType? type = null;
        ImmutableArray<long>? extents = null;
        ImmutableArray<long>? range = null;
        while (NextName() is { } field)
        {
            switch (field)
            {
                case "dtype" when type is null:
                    type = ReadType(shown);
                    break;
                case "shape" when extents is null:
                    extents = ReadNumbers(shown, "shape", SafetensorsHeader.MostAxes, "axes");
                    break;
                case "data_offsets" when range is null:
                    range = ReadNumbers(shown, "data_offsets", 2, "numbers");
                    break;
                default:
                    throw Refuse(
                        $"{shown} has the field '{Printable.Escape(field)}'; "
                            + "dtype, shape and data_offsets were expected, once each"
                    );
            }
        }

        if (type is null || extents is null || range is not [long begin, long end])
        {
            throw Refuse($"{shown} lacks dtype, shape or the two numbers of data_offsets");
        }

        if (begin > end)
        {
            throw Refuse(
                $"{shown} ends at {end}, before it begins at {begin}; write the file again"
            );
        }

        CheckSize(shown, type.Value, extents.Value, end - begin);
        if (end > long.MaxValue - _start)
        {
            throw Refuse($"{shown} ends at {end}, past any file; fetch the file again");
        }

        Tensors.Add(new TensorEntry(name, type.Value, extents.Value, _start + begin, end - begin));
    }

    void CheckSize(string shown, DType type, ImmutableArray<long> extents, long length)
    {
        // Any 128 bits hold the product of two numbers below 2^63, so only the running product is capped.
        UInt128 size = 1;
        foreach (long extent in extents)
        {
            size *= (ulong)extent;
            if (size > long.MaxValue)
            {
                throw Refuse(
                    $"{shown} of [{string.Join(", ", extents)}] has more than 2^63 elements; "
                        + "fetch the file again"
                );
            }
        }

        size *= (ulong)SafetensorsTypes.Size(type);
        if (size != (ulong)length)
        {
            throw Refuse(
                $"{shown} of {SafetensorsTypes.Name(type)} [{string.Join(", ", extents)}] takes "
                    + $"{size} bytes but its data_offsets hold {length}; write the file again"
            );
        }
    }

    DType ReadType(string shown)
    {
        Open(JsonTokenType.String, $"{shown} has a dtype that is no string");
        string name = Text();
        return SafetensorsTypes.Parse(name)
            ?? throw Refuse(
                $"{shown} has the dtype '{Printable.Escape(name)}'; "
                    + $"Espalier reads {SafetensorsTypes.Names}, so convert it to one of these"
            );
    }

    ImmutableArray<long> ReadNumbers(string shown, string field, int most, string what)
    {
        Open(JsonTokenType.StartArray, $"{shown} has a {field} that is no array of whole numbers");
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (numbers.Count == most)
            {
                throw Refuse($"{shown} has a {field} of more than {most} {what}");
            }

            numbers.Add(Whole(shown, field));
        }

        return numbers.ToImmutable();
    }

    long Whole(string shown, string field)
    {
        if (
            _reader.TokenType == JsonTokenType.Number
            && !_reader.ValueSpan.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(_reader.ValueSpan, out long value, out int used)
            && used == _reader.ValueSpan.Length
        )
        {
            return value;
        }

        string found = _reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject
            ? "something nested"
            : Printable.Escape(Encoding.UTF8.GetString(_reader.ValueSpan));
        throw Refuse(
            $"{shown} has {found} in its {field}; whole numbers from 0 to 2^63-1 were expected"
        );
    }

    /// <summary>The next name of the object that is open; null at its end.</summary>
    string? NextName() =>
        _reader.Read() && _reader.TokenType == JsonTokenType.PropertyName ? Text() : null;

    void Open(JsonTokenType expected, string otherwise)
    {
        _reader.Read();
        if (_reader.TokenType != expected)
        {
            throw Refuse(otherwise);
        }
    }

    string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Refuse(
                "a string holds half a surrogate pair, which is no text; write the file again"
            );
        }
    }

    public readonly InvalidDataException Refuse(string sentence) =>
        new($"{path} at byte {SafetensorsHeader.Prefix + _reader.TokenStartIndex}: {sentence}.");
}
