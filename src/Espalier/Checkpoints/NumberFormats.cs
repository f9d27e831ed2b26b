using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>Numbers as files hold them (little-endian) to numbers as memory holds them, and back.</summary>
static class NumberFormats
{
    /// <summary>Elements converted at once: small enough for the second-level cache.</summary>
    const int Block = 1 << 15;

    /// <summary>Floats copied at once: the bytes of more than 2^29 do not fit a span.</summary>
    const int LargestCopy = 1 << 24;

    /// <summary>Fills bytes from a distance behind the start of the tensor.</summary>
    public delegate void Fill(long offset, Span<byte> bytes);

    public static void Read(DType type, Span<float> values, Fill fill)
    {
        switch (type)
        {
            case DType.F32:
                for (int at = 0; at < values.Length; at += LargestCopy)
                {
                    Span<float> part = values[at..Math.Min(values.Length, at + LargestCopy)];
                    fill(sizeof(float) * (long)at, MemoryMarshal.AsBytes(part));
                }

                break;
            case DType.F16:
                Convert<Half, float>(values, fill, TensorPrimitives.ConvertToSingle);
                break;
            case DType.BF16:
                Convert<ushort, float>(values, fill, FromBF16);
                break;
            case DType.F64:
                Convert<double, float>(values, fill, TensorPrimitives.ConvertTruncating);
                break;
            default:
                throw new ArgumentException($"{type} is not widened to float32.");
        }
    }

    public static void Read(DType type, Span<long> values, Fill fill)
    {
        switch (type)
        {
            case DType.I64:
                Convert<long, long>(values, fill, (from, to) => from.CopyTo(to));
                break;
            case DType.I32:
                Convert<int, long>(values, fill, TensorPrimitives.ConvertTruncating);
                break;
            case DType.I16:
                Convert<short, long>(values, fill, TensorPrimitives.ConvertTruncating);
                break;
            case DType.I8:
                Convert<sbyte, long>(values, fill, TensorPrimitives.ConvertTruncating);
                break;
            case DType.U8 or DType.Bool:
                Convert<byte, long>(values, fill, TensorPrimitives.ConvertTruncating);
                break;
            default:
                throw new ArgumentException($"{type} is not widened to whole numbers.");
        }
    }

    public static int FirstNonFinite(ReadOnlySpan<float> values)
    {
        for (int at = 0; at < values.Length; at += Block)
        {
            ReadOnlySpan<float> part = values[at..Math.Min(values.Length, at + Block)];
            if (!TensorPrimitives.IsFiniteAll(part))
            {
                int within = 0;
                while (float.IsFinite(part[within]))
                {
                    within++;
                }

                return at + within;
            }
        }

        return -1;
    }

    /// <summary>BF16 is the upper half of a float32.</summary>
    static void FromBF16(ReadOnlySpan<ushort> from, Span<float> to)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(to);
        TensorPrimitives.ConvertTruncating(from, bits[..from.Length]);
        TensorPrimitives.ShiftLeft(bits[..from.Length], 16, bits);
    }

    delegate void Conversion<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to);

    static void Convert<TFrom, TTo>(Span<TTo> values, Fill fill, Conversion<TFrom, TTo> convert)
        where TFrom : unmanaged, INumberBase<TFrom>
    {
        TFrom[] block = new TFrom[Math.Min(Block, values.Length)];
        int size = MemoryMarshal.AsBytes<TFrom>(block).Length / Math.Max(1, block.Length);
        for (int at = 0; at < values.Length; at += Block)
        {
            Span<TFrom> part = block.AsSpan(0, Math.Min(Block, values.Length - at));
            fill((long)at * size, MemoryMarshal.AsBytes(part));
            convert(part, values.Slice(at, part.Length));
        }
    }

    public static void Write(ReadOnlySpan<long> values, Stream to)
    {
        for (int at = 0; at < values.Length; at += LargestCopy)
        {
            to.Write(MemoryMarshal.AsBytes(values[at..Math.Min(values.Length, at + LargestCopy)]));
        }
    }

    /// <summary>Refuses a number that becomes infinite, by the name of the tensor.</summary>
    public static void Write(string name, ReadOnlySpan<float> values, DType type, Stream to)
    {
        ushort[] narrow = new ushort[type == DType.F32 ? 0 : Math.Min(Block, values.Length)];
        for (int at = 0; at < values.Length; at += Block)
        {
            ReadOnlySpan<float> part = values[at..Math.Min(values.Length, at + Block)];
            if (type == DType.F32)
            {
                to.Write(MemoryMarshal.AsBytes(part));
                continue;
            }

            Span<ushort> halves = narrow.AsSpan(0, part.Length);
            if (type == DType.F16)
            {
                TensorPrimitives.ConvertToHalf(part, MemoryMarshal.Cast<ushort, Half>(halves));
            }
            else
            {
                ToBF16(part, halves);
            }

            CheckRange(name, at, part, halves, type);
            to.Write(MemoryMarshal.AsBytes(halves));
        }
    }

    /// <summary>Rounds to nearest, ties to even, as PyTorch does; NaN stays NaN.</summary>
    static void ToBF16(ReadOnlySpan<float> from, Span<ushort> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(from[i]);
            to[i] = float.IsNaN(from[i])
                ? (ushort)((bits >> 16) | 0x40)
                : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    static void CheckRange(
        string name,
        int start,
        ReadOnlySpan<float> values,
        ReadOnlySpan<ushort> narrow,
        DType type
    )
    {
        int infinity = type == DType.F16 ? 0x7C00 : 0x7F80;
        for (int i = 0; i < values.Length; i++)
        {
            if ((narrow[i] & 0x7FFF) == infinity && float.IsFinite(values[i]))
            {
                throw new ArgumentException(
                    $"Tensor '{name}' holds {values[i]} at index {start + i}, which {type} cannot hold; "
                        + "write it as F32."
                );
            }
        }
    }
}
