using Espalier.Tests.Goldens;

namespace Espalier.Tests.House;

/// <param name="Path">From the root of the repository, with slashes.</param>
sealed record TextFile(string Path, string Text);

/// <summary>The files of this checkout: all but git's own and those that the plain lines of .gitignore name.</summary>
static class Checkout
{
    static readonly string[] Ignored =
    [
        .. System.IO.File.ReadAllLines(System.IO.Path.Combine(Repository.Root, ".gitignore")),
    ];

    /// <summary>Paths from the root, with slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        .. Walk(new DirectoryInfo(Repository.Root))
            .Select(f => Path.GetRelativePath(Repository.Root, f.FullName).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public static TextFile Read(string path) => new(path, File.ReadAllText(Full(path)));

    public static IEnumerable<TextFile> Sources(string folder) =>
        Paths
            .Where(p =>
                p.StartsWith(folder, StringComparison.Ordinal)
                && p.EndsWith(".cs", StringComparison.Ordinal)
            )
            .Select(Read);

    public static string Full(string path) => Path.Combine(Repository.Root, path);

    static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder
            .EnumerateDirectories()
            .Where(d => d.Name != ".git" && d.LinkTarget is null && !Ignored.Contains(d.Name + "/"))
            .SelectMany(Walk)
            .Concat(
                folder
                    .EnumerateFiles()
                    .Where(f => f.Name != ".git" && !Ignored.Contains("*" + f.Extension))
            );
}
