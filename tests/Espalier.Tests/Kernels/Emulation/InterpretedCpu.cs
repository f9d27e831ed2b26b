using System.Runtime.InteropServices;
using Espalier.Kernels.Emit;

namespace Espalier.Tests.Kernels.Emulation;

/// <summary>
/// Runs emitted code in the interpreter, over the real memory of this process: a kernel given this
/// CPU does everything as it would on a processor that has the instructions.
/// </summary>
sealed class InterpretedCpu : Cpu
{
    // Code lies in memory that cannot run. It stays: kernels live as long as the process.
    readonly Dictionary<nint, Listing> _listings = [];
    readonly Lock _lock = new();

    /// <summary>How often each instruction was run, by any thread.</summary>
    public Dictionary<string, long> Counts { get; } = [];

    public override nint Load(ReadOnlySpan<byte> code)
    {
        nint start = Marshal.AllocHGlobal(code.Length);
        Marshal.Copy(code.ToArray(), 0, start, code.Length);
        lock (_lock)
        {
            _listings.Add(start, new Listing(code.ToArray(), start));
        }

        return start;
    }

    public override void Call(nint code, nint argument, bool brief)
    {
        Listing listing;
        lock (_lock)
        {
            listing = _listings.Values.Single(l => l.Holds(code));
        }

        Interpreter interpreter = new(listing, OperatingSystem.IsWindows());
        interpreter.Run(code, argument);
        lock (_lock)
        {
            foreach (var (name, count) in interpreter.Counts)
            {
                Counts[name] = Counts.GetValueOrDefault(name) + count;
            }
        }
    }

    public long Count(string instruction)
    {
        lock (_lock)
        {
            return Counts.GetValueOrDefault(instruction);
        }
    }
}
