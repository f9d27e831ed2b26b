using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>How GGUF numbers the formats of tensors (ggml.h, enum ggml_type).</summary>
static class GgufTypes
{
    static readonly Dictionary<uint, DType> Read = new()
    {
        [0] = DType.F32,
        [1] = DType.F16,
        [2] = DType.Q4_0,
        [3] = DType.Q4_1,
        [6] = DType.Q5_0,
        [7] = DType.Q5_1,
        [8] = DType.Q8_0,
        [12] = DType.Q4_K,
        [13] = DType.Q5_K,
        [14] = DType.Q6_K,
        [24] = DType.I8,
        [25] = DType.I16,
        [26] = DType.I32,
        [27] = DType.I64,
        [28] = DType.F64,
        [30] = DType.BF16,
    };

    // Those that are met in files; the others have no name here, only their number.
    static readonly Dictionary<uint, string> Known = new()
    {
        [9] = "Q8_1",
        [10] = "Q2_K",
        [11] = "Q3_K",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [20] = "IQ4_NL",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    };

    public static DType? Find(uint number) =>
        Read.TryGetValue(number, out DType type) ? type : null;

    public static uint NumberOf(DType type) => Read.First(pair => pair.Value == type).Key;

    public static bool Has(DType type) => Read.ContainsValue(type);

    /// <summary>For messages.</summary>
    public static string Name(uint number) => Known.GetValueOrDefault(number) ?? $"number {number}";

    public static string Names => string.Join(", ", Read.Values);
}
