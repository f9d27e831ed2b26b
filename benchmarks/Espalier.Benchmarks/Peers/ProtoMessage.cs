using System.Buffers;
using System.Text;

namespace Espalier.Benchmarks.Peers;

/// <summary>A protocol buffers message that is being written: varints, floats, and whatever has a length.</summary>
sealed class ProtoMessage
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public ProtoMessage Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public ProtoMessage Float(int field, float value)
    {
        Varint(((ulong)field << 3) | 5);
        _bytes.Write(BitConverter.GetBytes(value));
        return this;
    }

    public ProtoMessage Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoMessage Texts(int field, IEnumerable<string> texts)
    {
        foreach (string text in texts)
        {
            Text(field, text);
        }

        return this;
    }

    public ProtoMessage Message(int field, ProtoMessage message) =>
        Bytes(field, message._bytes.WrittenSpan);

    public ProtoMessage Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    public void WriteTo(Stream to) => to.Write(_bytes.WrittenSpan);

    void Varint(ulong value)
    {
        while (value > 127)
        {
            _bytes.Write([(byte)(value | 128)]);
            value >>= 7;
        }

        _bytes.Write([(byte)value]);
    }
}
