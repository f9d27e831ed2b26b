using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Espalier.Kernels;

/// <summary>
/// Memory that a thread keeps between calls, so that a kernel allocates only the first time. Pinned, and
/// aligned to 64 bytes. What was in it is of no meaning.
/// </summary>
static unsafe class Scratch
{
    const int Alignment = 64;

    [ThreadStatic]
    static float[]? _call;

    [ThreadStatic]
    static float[]? _block;

    /// <summary>For one call of a kernel, shared by its blocks; a kernel that calls another must not hold it.</summary>
    public static float* ForCall(int count) => Aligned(ref _call, count);

    /// <summary>For one block of work, on the thread that does it.</summary>
    public static float* ForBlock(int count) => Aligned(ref _block, count);

    static float* Aligned(ref float[]? memory, int count)
    {
        const int slack = Alignment / sizeof(float);
        if (memory is null || memory.Length < count + slack)
        {
            memory = GC.AllocateUninitializedArray<float>(count + count / 2 + slack, pinned: true);
        }

        nuint first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
        return (float*)((first + Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}
