using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>One product of the table that every family is tested on, with its operands as the family wants them.</summary>
public sealed record GemmCase(int M, int N, int K, bool TransposedA, bool TransposedB)
{
    /// <summary>
    /// Every count of rows in a last tile, columns on both sides of a vector, a panel and a block, depths on both
    /// sides of a square of packing; and products of more than one block and more than one depth.
    /// </summary>
    public static IReadOnlyList<GemmCase> All { get; } =
    [
        .. from m in new[] { 1, 2, 3, 4, 5, 6, 7, 47, 50 }
        from n in new[] { 1, 7, 8, 15, 16, 17, 40, 63, 64, 65, 100, 130 }
        from k in new[] { 1, 8, 9, 31 }
        from form in Enumerable.Range(0, 4)
        select new GemmCase(m, n, k, (form & 1) != 0, (form & 2) != 0),
        new(50, 130, 261, false, true),
        new(50, 130, 261, true, false),
        new(170, 200, 40, false, true),
        new(170, 200, 40, true, false),
        new(13, 70, 1600, false, true),
        new(13, 70, 1600, true, false),
        new(6, 64, 3200, false, false),
    ];

    /// <summary>The families of this machine that are built of tiles.</summary>
    public static IEnumerable<KernelFamily> Tiled =>
        KernelFamily.All.Where(family => family.IsSupported && family.Name != "reference");

    public Tensor A() => Normal("a", TransposedA ? [K, M] : [M, K]);

    public Tensor B() => Normal("b", TransposedB ? [N, K] : [K, N]);

    public float At(Tensor a, int row, int k) =>
        TransposedA ? a.Span[k * M + row] : a.Span[row * K + k];

    public float Bt(Tensor b, int k, int column) =>
        TransposedB ? b.Span[column * K + k] : b.Span[k * N + column];

    public Tensor Product(
        KernelFamily family,
        Workers workers,
        Tensor a,
        Tensor b,
        Tensor? into = null,
        Epilogue epilogue = default
    )
    {
        Tensor c = into ?? Filled(float.NaN, M, N);
        PackedMatrix packed = family.Gemm.Pack(workers, b, TransposedB);
        family.Gemm.Multiply(workers, a, TransposedA, packed, c, epilogue);
        return c;
    }

    public static Tensor Normal(string name, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        Rng rng = new Rng(5).Split(name);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = rng.Normal((ulong)i);
        }

        return tensor;
    }

    public static Tensor Filled(float value, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        tensor.Span.Fill(value);
        return tensor;
    }
}
