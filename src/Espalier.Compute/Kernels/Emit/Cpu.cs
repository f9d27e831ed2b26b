namespace Espalier.Kernels.Emit;

/// <summary>
/// What runs emitted code: this processor. Tests put an interpreter in its place, for instructions that the
/// machine at hand lacks.
/// </summary>
abstract unsafe class Cpu
{
    public static Cpu Here { get; } = new Native();

    /// <summary>The address of a copy that <see cref="Call"/> can run.</summary>
    public abstract nint Load(ReadOnlySpan<byte> code);

    /// <param name="code">Code of the form <c>void routine(struct*)</c>.</param>
    /// <param name="argument">Address of the struct, whose fields the code reads by their offsets.</param>
    /// <param name="brief">
    /// It runs under two microseconds: the collector may wait for it. Above, the 10 ns of a full transition
    /// are lost in it.
    /// </param>
    public abstract void Call(nint code, nint argument, bool brief);

    sealed class Native : Cpu
    {
        public override nint Load(ReadOnlySpan<byte> code) => (nint)MachineCode.Load(code);

        public override void Call(nint code, nint argument, bool brief)
        {
            if (brief)
            {
                ((delegate* unmanaged[SuppressGCTransition]<nint, void>)code)(argument);
            }
            else
            {
                ((delegate* unmanaged<nint, void>)code)(argument);
            }
        }
    }
}
