namespace Espalier.Tests;

static class Allocation
{
    /// <summary>
    /// Bytes that a round allocates on this thread. What it allocates itself shows every time; what the runtime allocates
    /// here, once in many runs, does not, so the least of four rounds is told.
    /// </summary>
    public static long Least(Action round)
    {
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 4 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
