namespace Espalier.Tensors;

/// <summary>Number formats that files hold. Tensors in memory are always float32.</summary>
public enum DType
{
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,

    // Blocks of GGUF, under the names that llama.cpp gives them.
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q4_K,
    Q5_K,
    Q6_K,
}

/// <summary>How many numbers are stored together, and in how many bytes.</summary>
public readonly record struct BlockSize(int Numbers, int Bytes)
{
    /// <summary>Of a format whose numbers do not stand alone, its block.</summary>
    public static BlockSize Of(DType type) =>
        type switch
        {
            DType.F64 or DType.I64 => new(1, 8),
            DType.F32 or DType.I32 => new(1, 4),
            DType.F16 or DType.BF16 or DType.I16 => new(1, 2),
            DType.I8 or DType.U8 or DType.Bool => new(1, 1),
            DType.Q8_0 => new(32, 34),
            DType.Q4_0 => new(32, 18),
            DType.Q4_1 => new(32, 20),
            DType.Q5_0 => new(32, 22),
            DType.Q5_1 => new(32, 24),
            DType.Q4_K => new(256, 144),
            DType.Q5_K => new(256, 176),
            DType.Q6_K => new(256, 210),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such format."),
        };
}
