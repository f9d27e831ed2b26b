namespace Espalier.Kernels.Emit;

/// <summary>Emitted functions of one argument, called by number; emitted together before the first is needed.</summary>
sealed class Routines(Cpu cpu, int count, Func<int, byte[]> emit)
{
    readonly Lazy<nint[]> _addresses = new(() =>
        TileCode.Load(cpu, [.. Enumerable.Range(0, count).Select(emit)])
    );

    /// <summary>One for each size of tile: number <c>(rows − 1) · vectors at most + vectors − 1</c>.</summary>
    public static Routines OfTiles(
        Cpu cpu,
        int rows,
        int vectors,
        Func<int, int, bool, byte[]> emit
    ) =>
        new(
            cpu,
            rows * vectors,
            i => emit(1 + i / vectors, 1 + i % vectors, OperatingSystem.IsWindows())
        );

    public void Prepare() => _ = _addresses.Value;

    /// <inheritdoc cref="Cpu.Call"/>
    public void Call(int routine, nint argument, bool brief) =>
        cpu.Call(_addresses.Value[routine], argument, brief);
}
