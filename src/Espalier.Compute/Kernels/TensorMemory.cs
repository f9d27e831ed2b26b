using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Espalier.Tensors;

namespace Espalier.Kernels;

static unsafe class TensorMemory
{
    /// <summary>Address of the first number; good for as long as the tensor is reachable, since its memory is pinned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Address(this Tensor tensor) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.Span));
}
