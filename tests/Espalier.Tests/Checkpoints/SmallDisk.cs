using System.Diagnostics;

namespace Espalier.Tests.Checkpoints;

/// <summary>A file system of one megabyte; needs root, so the test is skipped elsewhere.</summary>
sealed class SmallDisk : IDisposable
{
    public SmallDisk(string folder)
    {
        Path = System.IO.Path.Combine(folder, "disk");
        Directory.CreateDirectory(Path);
        Assert.SkipUnless(
            OperatingSystem.IsLinux()
                && Environment.IsPrivilegedProcess
                && Run("mount", "-t", "tmpfs", "-o", "size=1m", "none", Path) == 0,
            "A small file system cannot be mounted here."
        );
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Run("umount", "-l", Path);

    /// <returns>What the program ended with.</returns>
    public static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true }
        )!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
