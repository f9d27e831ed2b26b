namespace Espalier.Kernels.Int8;

/// <summary>A number that the compiler knows: each one gives a kernel of its own.</summary>
interface ICount
{
    static abstract int Value { get; }
}

readonly struct One : ICount
{
    public static int Value => 1;
}

readonly struct Two : ICount
{
    public static int Value => 2;
}

readonly struct Three : ICount
{
    public static int Value => 3;
}

readonly struct Four : ICount
{
    public static int Value => 4;
}
