using System.Runtime.CompilerServices;
using Espalier.Stored;

namespace Espalier.Kernels;

/// <summary>A head's keys and values of one page.</summary>
/// <param name="keys">[width, tokens].</param>
/// <param name="values">[tokens, padded].</param>
/// <param name="scales">Of int8: what each token's keys are multiplied by, then what its values are.</param>
readonly unsafe struct CachedHead(
    CacheForm form,
    int width,
    int padded,
    byte* keys,
    byte* values,
    float* scales
)
{
    const int Tokens = KeyValueCache.PageTokens;

    public CacheForm Form => form;

    public byte* Keys => keys;

    public byte* Values => values;

    public float* Scales => scales;

    /// <summary>Puts a token in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int token, float* key, float* value)
    {
        switch (form)
        {
            case CacheForm.Fp32:
                float* column = (float*)keys + token,
                    row = (float*)values + token * padded;
                for (int d = 0; d < width; d++)
                {
                    column[d * Tokens] = key[d];
                    row[d] = value[d];
                }

                break;
            case CacheForm.Bf16:
                for (int d = 0; d < width; d++)
                {
                    ((ushort*)keys)[d * Tokens + token] = Bf16(key[d]);
                    ((ushort*)values)[token * padded + d] = Bf16(value[d]);
                }

                break;
            default:
                scales[token] = ScaleOf(key);
                scales[Tokens + token] = ScaleOf(value);
                for (int d = 0; d < width; d++)
                {
                    ((sbyte*)keys)[d * Tokens + token] = Int8Rows.Round(key[d], scales[token]);
                    ((sbyte*)values)[token * padded + d] = Int8Rows.Round(
                        value[d],
                        scales[Tokens + token]
                    );
                }

                break;
        }
    }

    public float Key(int token, int d) =>
        form switch
        {
            CacheForm.Fp32 => ((float*)keys)[d * Tokens + token],
            CacheForm.Bf16 => Wide(((ushort*)keys)[d * Tokens + token]),
            _ => ((sbyte*)keys)[d * Tokens + token] * scales[token],
        };

    public float Value(int token, int d) =>
        form switch
        {
            CacheForm.Fp32 => ((float*)values)[token * padded + d],
            CacheForm.Bf16 => Wide(((ushort*)values)[token * padded + d]),
            _ => ((sbyte*)values)[token * padded + d] * scales[Tokens + token],
        };

    float ScaleOf(float* row)
    {
        float largest = 0;
        for (int d = 0; d < width; d++)
        {
            largest = Math.Max(largest, Math.Abs(row[d]));
        }

        return Int8Rows.ScaleOf(largest);
    }

    static float Wide(ushort bits) => BitConverter.Int32BitsToSingle(bits << 16);

    /// <summary>Half to even; a key that is no number stays none.</summary>
    static ushort Bf16(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x)
            ? (ushort)(bits >> 16 | 0x40)
            : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
