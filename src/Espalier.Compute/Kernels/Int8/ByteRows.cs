using System.Runtime.CompilerServices;

namespace Espalier.Kernels.Int8;

/// <summary>Quantized rows as a block of work sees them: addresses, of pinned memory or of a thread's scratch.</summary>
readonly unsafe struct ByteRows(
    byte* values,
    long stride,
    float* scales,
    int* zeroPoints,
    int count
)
{
    public byte* Values => values;

    /// <summary>Distance of two rows in bytes.</summary>
    public long Stride => stride;
    public float* Scales => scales;
    public int* ZeroPoints => zeroPoints;
    public int Count => count;

    public static ByteRows Of(QuantizedRows rows) =>
        new(
            (byte*)Unsafe.AsPointer(ref rows.Values[0]),
            rows.Stride,
            (float*)Unsafe.AsPointer(ref rows.Scales[0]),
            (int*)Unsafe.AsPointer(ref rows.ZeroPoints[0]),
            rows.Rows
        );

    public ByteRows From(int row, int rows) =>
        new(values + row * stride, stride, scales + row, zeroPoints + row, rows);

    public void Quantize(TiledInt8Gemm kernel, int row, float* from, int columns) =>
        (scales[row], zeroPoints[row]) = kernel.QuantizeRow(
            new ReadOnlySpan<float>(from, columns),
            new Span<byte>(values + row * stride, columns)
        );
}
