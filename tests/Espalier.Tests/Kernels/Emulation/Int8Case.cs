using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>One product of quantized operands, always with the same numbers.</summary>
sealed class Int8Case(int m, int n, int k)
{
    readonly Tensor _x = GemmCase.Normal("x", m, k);
    readonly Tensor _weights = GemmCase.Normal("weights", n, k);
    readonly Tensor? _bias = (m + n) % 2 == 0 ? GemmCase.Normal("bias", n) : null;

    /// <summary>
    /// M x N x K: every height of a tile and its neighbours, one to seven vectors of columns, whole and broken ones,
    /// rows shorter than a step, of broken steps, and of several passes.
    /// </summary>
    public static readonly (int M, int N, int K)[] Shapes =
    [
        (1, 1, 1),
        (1, 17, 64),
        (2, 33, 65),
        (6, 64, 100),
        (8, 48, 128),
        (15, 31, 63),
        (16, 32, 64),
        (17, 65, 200),
        (24, 96, 129),
        (32, 16, 192),
        (33, 64, 96),
        (40, 112, 384),
        (47, 20, 70),
        (48, 64, 64),
        (49, 40, 130),
        (81, 33, 40),
        (95, 70, 100),
        (97, 64, 833),
        (145, 50, 66),
        (200, 33, 1601),
    ];

    public Tensor Product(Int8Gemm int8, Workers workers)
    {
        QuantizedRows rows = new(m, k);
        int8.Quantize(workers, _x, rows);
        Tensor y = new(m, n);
        y.Span.Fill(float.NaN);
        int8.Multiply(workers, rows, int8.Pack(_weights), y, new(_bias));
        return y;
    }

    public void AssertSameBits(Tensor expected, Tensor actual)
    {
        for (int i = 0; i < expected.Count; i++)
        {
            float e = expected.Span[i],
                a = actual.Span[i];
            Assert.True(
                BitConverter.SingleToInt32Bits(e) == BitConverter.SingleToInt32Bits(a),
                $"{m}x{n}x{k}, row {i / n}, column {i % n}: expected {e:R}, got {a:R}"
            );
        }
    }
}
