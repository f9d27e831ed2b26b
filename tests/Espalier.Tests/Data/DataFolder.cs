using System.Text;

namespace Espalier.Tests.Data;

/// <summary>A folder of files made for one test.</summary>
sealed class DataFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("espalier-data-").FullName;

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(Root, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
