using Espalier.Kernels.Bf16;
using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>
/// The definition of a bfloat16 product: both operands rounded to bfloat16 (nearest, halves to even), then plain loops in
/// float32.
/// </summary>
sealed class ReferenceBf16Gemm : Gemm
{
    readonly ReferenceGemm _plain = new();

    public override PackedMatrix Allocate(int k, int n) => _plain.Allocate(k, n);

    public override void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into) =>
        _plain.Pack(workers, Rounded(b), transposed, into);

    public override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        PackedMatrix b,
        Tensor c,
        Epilogue epilogue = default
    ) => _plain.Multiply(workers, Rounded(a), transposedA, b, c, epilogue);

    static Tensor Rounded(Tensor values)
    {
        Tensor rounded = values.Clone();
        foreach (ref float value in rounded.Span)
        {
            value = Bf16Numbers.Rounded(value);
        }

        return rounded;
    }
}
