using System.Text;

namespace Espalier.Tensors;

/// <summary>
/// The only source of chance: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy
/// as 1, 2, 3", table 2). A stream is a 64-bit key; the n-th block of it depends on the key and n alone, so
/// any thread may compute any part of it and the result is the same.
/// </summary>
public readonly struct Rng(ulong key) : IEquatable<Rng>
{
    internal const uint M0 = 0xD2511F53;
    internal const uint M1 = 0xCD9E8D57;
    internal const uint W0 = 0x9E3779B9;
    internal const uint W1 = 0xBB67AE85;
    internal const int Rounds = 10;

    public ulong Key { get; } = key;

    /// <summary>An independent stream: its key is a block of this one, chosen by the name.</summary>
    public Rng Split(string name)
    {
        // FNV-1a over UTF-8, so that the name alone decides.
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return Split(hash);
    }

    /// <summary>An independent stream by number. Domain-separated from the blocks of this stream.</summary>
    public Rng Split(ulong number)
    {
        var (a, b, _, _) = Block(number, 1);
        return new Rng(((ulong)a << 32) | b);
    }

    /// <summary>The four words of block <paramref name="counter"/>.</summary>
    public (uint, uint, uint, uint) Block(ulong counter) => Block(counter, 0);

    /// <summary>Uniform in [0, 1), 24 bits, from word <paramref name="index"/> of the stream.</summary>
    public float Uniform(ulong index) => (Word(index) >> 8) * (1f / (1 << 24));

    /// <summary>Standard normal (Box-Muller), the <paramref name="index"/>-th of the stream.</summary>
    public float Normal(ulong index)
    {
        var (a, b, _, _) = Block(index, 0);
        double radius = Math.Sqrt(-2 * Math.Log((a + 1.0) / 4294967296.0));
        return (float)(radius * Math.Cos(2 * Math.PI * (b / 4294967296.0)));
    }

    /// <summary>Uniform in [0, bound); the bias is below bound / 2^32.</summary>
    public int Below(int bound, ulong index) => (int)(((ulong)Word(index) * (ulong)bound) >> 32);

    /// <summary>Fisher-Yates over the whole span; depends on the key and the length alone.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1, (ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    uint Word(ulong index)
    {
        var (a, b, c, d) = Block(index >> 2, 0);
        return (index & 3) switch
        {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
    }

    (uint, uint, uint, uint) Block(ulong counter, uint domain)
    {
        uint c0 = (uint)counter,
            c1 = (uint)(counter >> 32),
            c2 = domain,
            c3 = 0;
        uint k0 = (uint)Key,
            k1 = (uint)(Key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)M0 * c0;
            ulong p1 = (ulong)M1 * c2;
            (c0, c1, c2, c3) = (
                (uint)(p1 >> 32) ^ c1 ^ k0,
                (uint)p1,
                (uint)(p0 >> 32) ^ c3 ^ k1,
                (uint)p0
            );
            k0 += W0;
            k1 += W1;
        }

        return (c0, c1, c2, c3);
    }

    public bool Equals(Rng other) => Key == other.Key;

    public override bool Equals(object? obj) => obj is Rng other && Equals(other);

    public override int GetHashCode() => Key.GetHashCode();

    public static bool operator ==(Rng left, Rng right) => left.Equals(right);

    public static bool operator !=(Rng left, Rng right) => !left.Equals(right);
}
