using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Espalier.Tests.Hub;

/// <summary>A request that the hub, or the host that stores its large files, was sent.</summary>
sealed record Asked(
    string Method,
    string Path,
    string? Range,
    string? Authorization,
    bool IsStorage
);

/// <summary>A repository of the fake hub: files at one commit.</summary>
sealed class FakeRepository
{
    public const string Commit = "89abcdef0123456789abcdef0123456789abcdef";

    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>What the hub says lies there beside them.</summary>
    public List<string> OtherNames { get; } = [];

    public bool IsPrivate { get; set; }

    public bool IsGated { get; set; }

    public List<JsonElement> Commits { get; } = [];

    /// <summary>Branches and tags of the commit.</summary>
    public List<string> Revisions { get; } = ["main", Commit];

    public static bool IsLarge(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal)
        || file.EndsWith(".parquet", StringComparison.Ordinal);

    /// <summary>As the hub names a file: SHA-256, or git's SHA-1 of a blob.</summary>
    public static string Hash(string file, byte[] content) =>
        IsLarge(file) ? Sha256(content) : GitSha1(content);

    public static string Sha256(byte[] content) =>
        Convert.ToHexStringLower(SHA256.HashData(content));

    static string GitSha1(byte[] content)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
