using System.Text;

namespace Espalier.Tests.Checkpoints;

/// <summary>Bytes of GGUF files written by hand, so that they can lie.</summary>
sealed class GgufBytes
{
    readonly List<byte> _keys = [];
    readonly List<byte> _tensors = [];
    readonly byte[] _data;

    public GgufBytes(int dataBytes = 64) =>
        _data = [.. Enumerable.Range(0, dataBytes).Select(i => (byte)i)];

    public uint Magic { get; init; } = 0x46554747;
    public uint Version { get; init; } = 3;
    public ulong? SaidKeys { get; init; }
    public ulong? SaidTensors { get; init; }
    int KeyCount { get; set; }
    int TensorCount { get; set; }

    /// <param name="value">Its bytes as they stand.</param>
    public GgufBytes Key(string name, uint kind, params byte[] value)
    {
        Put(_keys, name);
        _keys.AddRange(BitConverter.GetBytes(kind));
        _keys.AddRange(value);
        KeyCount++;
        return this;
    }

    public GgufBytes Key(string name, string value) => Key(name, 8, Text(value));

    public GgufBytes Key(string name, uint value) => Key(name, 4, BitConverter.GetBytes(value));

    public GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] extents)
    {
        Put(_tensors, name);
        _tensors.AddRange(BitConverter.GetBytes(extents.Length));
        foreach (ulong extent in extents)
        {
            _tensors.AddRange(BitConverter.GetBytes(extent));
        }

        _tensors.AddRange(BitConverter.GetBytes(type));
        _tensors.AddRange(BitConverter.GetBytes(offset));
        TensorCount++;
        return this;
    }

    public byte[] File(int alignment = 32)
    {
        List<byte> file = [];
        file.AddRange(BitConverter.GetBytes(Magic));
        file.AddRange(BitConverter.GetBytes(Version));
        file.AddRange(BitConverter.GetBytes(SaidTensors ?? (ulong)TensorCount));
        file.AddRange(BitConverter.GetBytes(SaidKeys ?? (ulong)KeyCount));
        file.AddRange(_keys);
        file.AddRange(_tensors);
        file.AddRange(new byte[(alignment - file.Count % alignment) % alignment]);
        file.AddRange(_data);
        return [.. file];
    }

    public static byte[] Sound() =>
        new GgufBytes(96) { Version = 2 }
            .Key("general.alignment", 64)
            .Key("list", 9, Array(8, 2, [.. Text("a"), .. Text("bc")]))
            .Key("share", 6, BitConverter.GetBytes(0.5f))
            .Tensor("a", 0, 0, 4, 2)
            .Tensor("b", 2, 64, 32, 1)
            .File(alignment: 64);

    /// <summary>With bytes in place of the keys or the tensors, which count as one.</summary>
    public byte[] Raw(byte[]? keys = null, byte[]? tensors = null)
    {
        _keys.AddRange(keys ?? []);
        _tensors.AddRange(tensors ?? []);
        TensorCount += tensors is null ? 0 : 1;
        return File();
    }

    public static byte[] Text(string text) =>
        [
            .. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)),
            .. Encoding.UTF8.GetBytes(text),
        ];

    public static byte[] Array(uint kind, ulong count, params byte[] items) =>
        [.. BitConverter.GetBytes(kind), .. BitConverter.GetBytes(count), .. items];

    static void Put(List<byte> to, string text) => to.AddRange(Text(text));
}
