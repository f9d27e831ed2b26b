namespace Espalier.Tests.Runs;

/// <summary>Copies of folders in which one bit is another.</summary>
static class Flips
{
    public static void Flip(string file, long bit)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        byte[] bytes = File.ReadAllBytes(file);
        bytes[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        File.WriteAllBytes(file, bytes);
    }

    /// <summary>Regular files below, relative and in order; links are left out, what they lead to is not.</summary>
    public static string[] Files(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(f => new FileInfo(f).LinkTarget is null)
                .Select(f => Path.GetRelativePath(folder, f))
                .Order(StringComparer.Ordinal),
        ];

    public static string Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (FileSystemInfo item in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            string place = Path.Combine(to, item.Name);
            if (item.LinkTarget is { } target)
            {
                File.CreateSymbolicLink(place, target);
            }
            else if (item is FileInfo file)
            {
                file.CopyTo(place);
            }
            else
            {
                Copy(item.FullName, place);
            }
        }

        return to;
    }
}
