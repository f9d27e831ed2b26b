using System.Runtime.InteropServices;

namespace Espalier.Checkpoints;

/// <summary>One file under two names, so that it takes its room once.</summary>
static class HardLink
{
    /// <summary>A second name for a file; a copy where the file system has none, or is another.</summary>
    /// <exception cref="IOException">There is no room, or the name is taken.</exception>
    public static void OrCopy(string from, string to)
    {
        bool linked = OperatingSystem.IsWindows()
            ? CreateHardLinkW(to, from, 0)
            : link(from, to) == 0;
        if (!linked)
        {
            File.Copy(from, to);
        }
    }

    [DllImport("libc", SetLastError = true)]
    static extern int link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to
    );

    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern bool CreateHardLinkW(string to, string from, nint security);
}
