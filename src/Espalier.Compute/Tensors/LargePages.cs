using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Espalier.Tensors;

/// <summary>
/// Pinned memory on pages of 2 MB, where the system has them. Weights that stream by pass a usual page of 4 KB in a tenth of a
/// microsecond; at each one's end the processor stops fetching ahead, and looks up where the next one lies. On large ones the
/// same loops took them from memory twice as fast (benchmarks/results/zen4/language.md). The system may not follow the advice; nothing depends on it.
/// </summary>
static unsafe partial class LargePages
{
    const int PageBytes = 2 << 20;

    // Of Linux: what is touched from now on comes in large pages; what was is moved into some, since 6.1.
    const int Advise = 14,
        Collapse = 25;

    /// <summary>Zeros.</summary>
    public static T[] Allocate<T>(int count)
        where T : unmanaged
    {
        T[] memory = GC.AllocateArray<T>(count, pinned: true);
        if ((long)count * sizeof(T) >= PageBytes)
        {
            Tell(memory, Advise);
        }

        return memory;
    }

    /// <summary>Moves what was written, and what lies on the same large pages; for what will be read many times.</summary>
    public static void Gather<T>(T[] memory)
        where T : unmanaged
    {
        Tell(memory, Advise);
        Tell(memory, Collapse);
    }

    static void Tell<T>(T[] memory, int advice)
        where T : unmanaged
    {
        if (!OperatingSystem.IsLinux() || memory.Length == 0)
        {
            return;
        }

        // Small matrices share a page with their neighbours, so its beginning and end belong to it.
        nuint first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
        nuint start = first / PageBytes * PageBytes,
            end =
                (first + (nuint)memory.Length * (nuint)sizeof(T) + PageBytes - 1)
                / PageBytes
                * PageBytes;
        _ = Tell((void*)start, end - start, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Tell(void* address, nuint length, int advice);
}
