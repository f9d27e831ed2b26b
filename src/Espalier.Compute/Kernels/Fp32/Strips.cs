using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Espalier.Tensors;

namespace Espalier.Kernels.Fp32;

/// <summary>
/// Memory in which a left-hand side that lies as [K, M] is laid out for tiles: strips of some rows, and in a
/// strip those rows' numbers of step 0, then of step 1. A tile then walks through memory in one line, where the
/// rows of [K, M] would take it to another page with every step.
/// </summary>
static unsafe class Strips
{
    /// <summary>Floats from a step to the next: one vector of eight, of which a strip uses its first rows.</summary>
    public const int Step = 8;

    // Strips in one block of packing: 96 rows are six cache lines of each step.
    const int BlockStrips = 16;

    // Strips that begin a power of two apart would share the few places that a cache has for such addresses.
    const int Gap = 16;

    // Kept by each thread that multiplies, so that a product allocates nothing; it grows to the largest seen.
    [ThreadStatic]
    static Tensor? _scratch;

    /// <summary>Floats from a strip to the next.</summary>
    public static nint Size(int steps) => (nint)steps * Step + Gap;

    /// <summary>Lays out a [K, M] in strips of <paramref name="rows"/>; good until this thread's next call.</summary>
    public static Tensor Lay(Workers workers, Tensor a, int rows)
    {
        int m = a.Columns,
            strips = (m + rows - 1) / rows,
            needed = checked((int)(strips * Size(a.Rows)));
        if (_scratch is null || _scratch.Count < needed)
        {
            _scratch = new Tensor(needed);
        }

        int blocks = (strips + BlockStrips - 1) / BlockStrips;
        workers.Run(blocks, new Laying(a, rows, _scratch));
        return _scratch;
    }

    readonly struct Laying(Tensor a, int rows, Tensor to) : IBlocks
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int block)
        {
            int m = a.Columns,
                steps = a.Rows,
                first = block * BlockStrips * rows,
                end = Math.Min(first + BlockStrips * rows, m);
            nint stripSize = Size(steps);
            float* strip = to.Address() + first / rows * stripSize;
            float* from = a.Address();
            for (int k = 0; k < steps; k++, from += m, strip += Step)
            {
                float* here = strip;
                int i = first;

                // Eight numbers although a strip has fewer rows: the rest is not looked at.
                for (; i < end && i + Step <= m; i += rows, here += stripSize)
                {
                    Vector256.Load(from + i).Store(here);
                }

                for (; i < end; i += rows, here += stripSize)
                {
                    for (int row = 0; row < Math.Min(rows, m - i); row++)
                    {
                        here[row] = from[i + row];
                    }
                }
            }
        }
    }
}
