using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Espalier.Export;

/// <summary>A message in the wire format of Protocol Buffers, as far as ONNX files need it: fields in the order in which they are added.</summary>
sealed class ProtoMessage
{
    const int Varint = 0;
    const int Delimited = 2;
    const int FourBytes = 5;

    readonly ArrayBufferWriter<byte> _bytes = new();

    public long Length => _bytes.WrittenCount;

    public ProtoMessage Number(int field, long value)
    {
        Tag(field, Varint);
        Write((ulong)value);
        return this;
    }

    public ProtoMessage Real(int field, float value)
    {
        Tag(field, FourBytes);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public ProtoMessage Text(int field, string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        Open(field, text.Length);
        _bytes.Write(text);
        return this;
    }

    public ProtoMessage Child(int field, ProtoMessage child)
    {
        Open(field, child.Length);
        _bytes.Write(child._bytes.WrittenSpan);
        return this;
    }

    public void WriteTo(Stream stream) => stream.Write(_bytes.WrittenSpan);

    /// <summary>Begins a field of so many bytes, which the caller writes behind it.</summary>
    public static void Open(Stream stream, int field, long length) =>
        new ProtoMessage().Open(field, length).WriteTo(stream);

    /// <summary>Bytes of a field of so many bytes, with what stands in front of them.</summary>
    public static long Around(int field, long length) =>
        new ProtoMessage().Open(field, length).Length + length;

    ProtoMessage Open(int field, long length)
    {
        Tag(field, Delimited);
        Write((ulong)length);
        return this;
    }

    void Tag(int field, int kind) => Write((ulong)(field << 3 | kind));

    // Seven bits a byte, the lowest first; all but the last byte have the eighth.
    void Write(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Write([(byte)(value | 0x80)]);
        }

        _bytes.Write([(byte)value]);
    }
}
