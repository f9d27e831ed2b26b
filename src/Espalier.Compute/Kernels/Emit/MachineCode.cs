using System.Runtime.InteropServices;

namespace Espalier.Kernels.Emit;

/// <summary>
/// Pages for emitted code: written while they cannot run, and run when they cannot be written any more.
/// They live as long as the process, as do the kernels in them.
/// </summary>
static unsafe partial class MachineCode
{
    const int ProtRead = 1,
        ProtWrite = 2,
        ProtExecute = 4;
    const int MapPrivate = 2;
    const int MapAnonymousLinux = 0x20,
        MapAnonymousBsd = 0x1000;
    const uint MemCommitAndReserve = 0x3000,
        MemRelease = 0x8000;
    const uint PageReadWrite = 0x04,
        PageExecuteRead = 0x20;

    /// <summary>This system lets a process run code that it wrote; a hardened one may refuse.</summary>
    public static bool IsAllowed { get; } = Try();

    /// <summary>The address of a runnable copy.</summary>
    /// <exception cref="InvalidOperationException">The system refuses such pages.</exception>
    public static void* Load(ReadOnlySpan<byte> code)
    {
        void* pages = OperatingSystem.IsWindows() ? LoadWindows(code) : LoadUnix(code);
        return pages is not null
            ? pages
            : throw new InvalidOperationException(
                $"Emitted code: the system refused {code.Length} bytes of executable memory (error "
                    + $"{Marshal.GetLastPInvokeError()}); set {KernelFamily.Variable}=avx512 to do without."
            );
    }

    static bool Try()
    {
        const byte ret = 0xC3;
        try
        {
            ((delegate* unmanaged<void>)Load([ret]))();
            return true;
        }
        catch (Exception e)
            when (e
                    is InvalidOperationException
                        or DllNotFoundException
                        or EntryPointNotFoundException
            )
        {
            return false;
        }
    }

    static void* LoadUnix(ReadOnlySpan<byte> code)
    {
        int anonymous = OperatingSystem.IsLinux() ? MapAnonymousLinux : MapAnonymousBsd;
        nuint length = (nuint)code.Length;
        void* pages = Map(null, length, ProtRead | ProtWrite, MapPrivate | anonymous, -1, 0);
        if (pages == (void*)-1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(pages, code.Length));
        if (Protect(pages, length, ProtRead | ProtExecute) == 0)
        {
            return pages;
        }

        int error = Marshal.GetLastPInvokeError();
        _ = Unmap(pages, length);
        Marshal.SetLastPInvokeError(error);
        return null;
    }

    static void* LoadWindows(ReadOnlySpan<byte> code)
    {
        nuint length = (nuint)code.Length;
        void* pages = VirtualAlloc(null, length, MemCommitAndReserve, PageReadWrite);
        if (pages is null)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(pages, code.Length));
        if (VirtualProtect(pages, length, PageExecuteRead, out _) != 0)
        {
            return pages;
        }

        int error = Marshal.GetLastPInvokeError();
        _ = VirtualFree(pages, 0, MemRelease);
        Marshal.SetLastPInvokeError(error);
        return null;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(
        void* address,
        nuint length,
        int protection,
        int flags,
        int file,
        nint offset
    );

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(
        void* address,
        nuint length,
        uint kind,
        uint protection
    );

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(
        void* address,
        nuint length,
        uint protection,
        out uint before
    );

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(void* address, nuint length, uint kind);
}
