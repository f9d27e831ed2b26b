using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Espalier.Checkpoints;

/// <summary>
/// What the header of a safetensors file says, proven against the length of the file before anything is
/// believed: the tensors fill the data exactly, without overlap, hole or rest. The rules of the reference
/// implementation, and stricter: no unknown field, no hidden character in a name, at most 8 axes.
/// </summary>
sealed class SafetensorsHeader
{
    public const int LongestHeader = 100_000_000;
    public const int MostTensors = 1_000_000;
    public const int MostAxes = 8;
    public const int LongestName = 1024;
    public const int Prefix = 8;

    readonly Dictionary<string, TensorEntry> _byName = [];

    SafetensorsHeader(
        ImmutableArray<TensorEntry> tensors,
        OrderedDictionary<string, string> metadata
    )
    {
        Tensors = tensors;
        Metadata = metadata;
        foreach (TensorEntry tensor in tensors)
        {
            _byName.Add(tensor.Name, tensor);
        }
    }

    /// <summary>In the order of the header.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; }

    public OrderedDictionary<string, string> Metadata { get; }

    public TensorEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <param name="path">For messages.</param>
    /// <param name="json">The header, from byte 8 of the file on.</param>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long fileLength)
    {
        CheckText(path, json);
        SafetensorsParser parser = new(path, json);
        try
        {
            parser.Read();
        }
        catch (JsonException e)
        {
            throw parser.Refuse(
                $"the header is not valid JSON ({JsonFile.Reason(e)}); fetch the file again"
            );
        }

        ProveLayout(path, parser.Tensors, Prefix + json.Length, fileLength);
        return new SafetensorsHeader([.. parser.Tensors], parser.Metadata);
    }

    static void CheckText(string path, ReadOnlySpan<byte> json)
    {
        if (json[0] != '{')
        {
            string found = json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])
                ? "a byte order mark"
                : $"byte 0x{json[0]:X2}";
            throw new InvalidDataException(
                $"{path} at byte {Prefix}: the header starts with {found}; '{{' was expected. "
                    + "Is this a safetensors file?"
            );
        }

        if (!Utf8.IsValid(json))
        {
            throw new InvalidDataException(
                $"{path} at byte {Prefix + JsonFile.FirstInvalid(json)}: the header is not valid UTF-8; "
                    + "fetch the file again."
            );
        }
    }

    static void ProveLayout(string path, List<TensorEntry> tensors, long start, long fileLength)
    {
        List<TensorEntry> laid = [.. tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length)];
        long next = start;
        string before = "";
        foreach (TensorEntry tensor in laid)
        {
            string name = Printable.Escape(tensor.Name);
            if (tensor.Offset != next)
            {
                throw new InvalidDataException(
                    tensor.Offset < next
                        ? $"{path} at byte {tensor.Offset}: tensor '{name}' overlaps tensor '{before}', "
                            + $"which ends at byte {next}; write the file again."
                        : $"{path} at byte {next}: {tensor.Offset - next} bytes before tensor '{name}' "
                            + "belong to no tensor; write the file again."
                );
            }

            if (tensor.Length > fileLength - next)
            {
                throw new InvalidDataException(
                    $"{path} at byte {next}: tensor '{name}' ends {tensor.Length - (fileLength - next)} "
                        + "bytes past the file. The download was cut short; fetch it again."
                );
            }

            next += tensor.Length;
            before = name;
        }

        if (next != fileLength)
        {
            throw new InvalidDataException(
                $"{path} at byte {next}: {fileLength - next} bytes after the last tensor belong to no "
                    + "tensor; fetch the file again."
            );
        }
    }

    /// <summary>Whether a tensor may be called so, in files read and written.</summary>
    public static bool IsName(string name) =>
        Printable.IsPlain(name) && Encoding.UTF8.GetByteCount(name) <= LongestName;
}
