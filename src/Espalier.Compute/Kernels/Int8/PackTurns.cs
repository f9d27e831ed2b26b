namespace Espalier.Kernels.Int8;

/// <summary>
/// Whose turn is which pack of sequences in which of several layers. Nobody waits for a layer to end: a pack goes on as soon as it
/// is done itself, so that all threads work until the last layer's last pack. Packs of a layer are taken from both
/// ends, so that a thread meets in the next layer those that are in its core's cache.
/// </summary>
/// <param name="taken">Of each layer: packs taken from the front, and above 32 bits from the back.</param>
/// <param name="layersDone">Of each pack.</param>
readonly unsafe struct PackTurns(long* taken, int* layersDone, int packs)
{
    const int BackShift = 32;

    /// <summary>Numbers of four bytes.</summary>
    public static int Room(int layers, int packs) => 2 * layers + packs;

    /// <param name="memory">Aligned to eight bytes.</param>
    public static PackTurns In(float* memory, int layers, int packs)
    {
        new Span<float>(memory, Room(layers, packs)).Clear();
        return new PackTurns((long*)memory, (int*)((long*)memory + layers), packs);
    }

    /// <summary>A pack that is now the caller's, or −1. It may have to be waited for.</summary>
    public int Take(int layer, bool back)
    {
        while (true)
        {
            long seen = Volatile.Read(ref taken[layer]);
            int front = (int)seen,
                behind = (int)(seen >> BackShift);
            if (front + behind == packs)
            {
                return -1;
            }

            long then = seen + (back ? 1L << BackShift : 1);
            if (Interlocked.CompareExchange(ref taken[layer], then, seen) == seen)
            {
                return back ? packs - 1 - behind : front;
            }
        }
    }

    /// <summary>Waits until the layer before is done with a pack. Whoever took it there waits for nobody behind.</summary>
    public void WaitFor(int layer, int pack)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref layersDone[pack]) < layer)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    public void End(int layer, int pack) => Volatile.Write(ref layersDone[pack], layer + 1);
}
