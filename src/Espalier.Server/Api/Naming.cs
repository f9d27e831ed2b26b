namespace Espalier.Server.Api;

/// <summary>Names of answers, and seeds of requests that bring none: each is another than those before it, since the server began.</summary>
sealed class Naming(TimeProvider time)
{
    readonly long _began = time.GetUtcNow().ToUnixTimeSeconds();
    long _count;

    /// <summary>Seconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public long Began => _began;

    public ulong Seed => (ulong)Interlocked.Increment(ref _count);

    public string Next(string kind) => $"{kind}-{_began:x}-{Interlocked.Increment(ref _count):x}";
}
