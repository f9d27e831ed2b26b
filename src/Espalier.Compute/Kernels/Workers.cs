using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Espalier.Kernels;

/// <summary>Work cut into blocks that do not touch each other's results.</summary>
public interface IBlocks
{
    /// <summary>Does block <paramref name="block"/>; called once for each block, on any thread.</summary>
    void Run(int block);
}

/// <summary>
/// Threads that stay: the caller and <c>threads - 1</c> others share the blocks of a job. How work is
/// cut into blocks never depends on the number of threads, so neither do the results; who does which
/// block does not matter.
/// </summary>
/// <remarks>
/// <para>
/// The caller takes blocks from the front, the next thread from the back, the one behind it from the front again. So jobs
/// whose first blocks are the first rows meet their rows in the cache of the core that wrote them: fetching them from another core
/// costs several times as much, most of all where two cores share no cache. Whoever is faster meets the other further on.
/// </para>
/// <para>
/// The whole agreement between the threads is one number, the ticket: the round, which is the number of the
/// job, how many blocks were claimed from the front, and how many of the job's blocks nobody has claimed. A block is
/// claimed by a compare-and-swap that takes one off the last. Hence (1) a claim succeeds only in the round that
/// was read before, (2) the job's fields, written before its ticket and not again until all its
/// blocks are done, are those of that round for whoever claimed, and (3) a thread that comes late finds
/// nothing unclaimed or another round, and has touched nothing.
/// </para>
/// <para>
/// So the caller waits for blocks that were claimed, never for threads: one that the machine does not run
/// delays at most the block that it holds. Waiting spins shortly, because the next job or the last block is
/// usually microseconds away, and then gives the core back, on which a thread that holds a block may go on.
/// </para>
/// </remarks>
public sealed unsafe class Workers : IDisposable
{
    // The next kernel of a layer usually comes sooner than this; a sleeping thread wakes in 5 to 50.
    const int SpinMicroseconds = 40;
    const int PausesPerLook = 10;

    // Of the ticket: blocks that nobody claimed, blocks claimed from the front, and above them the round.
    const int CountBits = 20;
    const int MostBlocks = (1 << CountBits) - 1;
    const long OneFromFront = 1L << CountBits;
    const int RoundShift = 2 * CountBits;

    /// <summary>Whose job this thread is inside; what it runs from there, it runs alone.</summary>
    [ThreadStatic]
    static Workers? _inside;

    /// <summary>What this thread does before it sleeps: gives back what a kernel left in the processor.</summary>
    [ThreadStatic]
    internal static Action? BeforeSleep;

    readonly Thread[] _threads;
    readonly long _spinTicks;

    // Whoever holds this is the one caller that the threads work for.
    readonly Lock _caller = new();

    // Where threads sleep until there is a ticket, and the caller until the last block is done.
    readonly object _parking = new();
    readonly object _finish = new();
    int _sleepers;
    bool _callerSleeps;
    volatile bool _stopping;

    // The job of the round in the ticket.
    delegate* <void*, int, void> _body;
    void* _job;
    int _first;
    int _blocks;
    ExceptionDispatchInfo? _failure;

    long _ticket;
    int _done;

    public Workers(int threads)
        : this(threads, static () => { }) { }

    /// <param name="arrive">What each thread does before it first looks for work; tests let one come late.</param>
    internal Workers(int threads, Action arrive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;

        // More threads than cores: one that spins may be in the way of the one that it waits for.
        _spinTicks =
            threads > Environment.ProcessorCount
                ? 0
                : SpinMicroseconds * Stopwatch.Frequency / 1_000_000;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            bool back = i % 2 == 0;
            _threads[i] = new Thread(() => Work(arrive, back))
            {
                IsBackground = true,
                Name = $"espalier-{i + 1}",
            };
            _threads[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>
    /// Runs every block and returns when all are done; nothing is allocated. A caller who is inside a job
    /// already, or who finds the threads at work for another caller, does its blocks alone. When blocks
    /// throw, those not begun are left out and one of the exceptions is thrown here.
    /// </summary>
    public void Run<T>(int blocks, in T job)
        where T : struct, IBlocks
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        T here = job;
        if (blocks <= 1 || Threads == 1 || _inside is not null || !_caller.TryEnter())
        {
            for (int i = 0; i < blocks; i++)
            {
                here.Run(i);
            }

            return;
        }

        try
        {
            _inside = this;

            // The job lives on this stack until every block is done, so its address stays good.
            for (int first = 0; first < blocks; first += MostBlocks)
            {
                int count = Math.Min(MostBlocks, blocks - first);
                RunShared(first, count, &Invoke<T>, Unsafe.AsPointer(ref here));
            }
        }
        finally
        {
            _inside = null;
            _caller.Exit();
        }
    }

    /// <summary>The same for a delegate, where an allocation does not matter.</summary>
    public void Run(int blocks, Action<int> body) => Run(blocks, new Delegated(body));

    /// <summary>Waits for a job that runs, then ends the threads.</summary>
    public void Dispose()
    {
        if (_inside == this)
        {
            throw new InvalidOperationException(
                "Workers: disposed from inside a job; dispose them where they were made."
            );
        }

        lock (_caller)
        {
            lock (_parking)
            {
                _stopping = true;
                Monitor.PulseAll(_parking);
            }

            foreach (Thread thread in _threads)
            {
                thread.Join();
            }
        }
    }

    readonly struct Delegated(Action<int> body) : IBlocks
    {
        public void Run(int block) => body(block);
    }

    static void Invoke<T>(void* job, int block)
        where T : struct, IBlocks => Unsafe.AsRef<T>(job).Run(block);

    static int Unclaimed(long ticket) => (int)ticket & MostBlocks;

    static int FromFront(long ticket) => (int)(ticket >> CountBits) & MostBlocks;

    void RunShared(int first, int blocks, delegate* <void*, int, void> body, void* job)
    {
        // Nobody holds a block of the last round, so nobody reads these.
        _body = body;
        _job = job;
        _first = first;
        _blocks = blocks;
        _failure = null;
        _done = 0;
        Interlocked.Exchange(
            ref _ticket,
            ((_ticket >> RoundShift) + 1) << RoundShift | (uint)blocks
        );

        // The exchange is a full fence, and a thread counts itself a sleeper before it looks at the ticket
        // for the last time: either it sees this round or it is seen here.
        if (Volatile.Read(ref _sleepers) > 0)
        {
            Wake(blocks - 1);
        }

        Share(back: false);
        WaitForLastBlock();
        _failure?.Throw();
    }

    void Wake(int threads)
    {
        lock (_parking)
        {
            for (int i = Math.Min(threads, _sleepers); i > 0; i--)
            {
                Monitor.Pulse(_parking);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void WaitForLastBlock()
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            if (Volatile.Read(ref _done) == _blocks)
            {
                return;
            }

            Thread.SpinWait(PausesPerLook);
        } while (Stopwatch.GetTimestamp() - start < _spinTicks);

        lock (_finish)
        {
            _callerSleeps = true;
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _done) != _blocks)
            {
                Monitor.Wait(_finish);
            }

            _callerSleeps = false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Work(Action arrive, bool back)
    {
        _inside = this;
        arrive();
        while (!_stopping)
        {
            Share(back);
            if (!SpinForWork())
            {
                SleepForWork();
            }
        }
    }

    bool HasWork => Unclaimed(Volatile.Read(ref _ticket)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    bool SpinForWork()
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            if (HasWork)
            {
                return true;
            }

            Thread.SpinWait(PausesPerLook);
        } while (Stopwatch.GetTimestamp() - start < _spinTicks);

        return false;
    }

    void SleepForWork()
    {
        BeforeSleep?.Invoke();
        lock (_parking)
        {
            _sleepers++;
            Interlocked.MemoryBarrier();
            while (!HasWork && !_stopping)
            {
                Monitor.Wait(_parking);
            }

            _sleepers--;
        }
    }

    /// <summary>Claims blocks and does them until none is left; counts what it did once, at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Share(bool back)
    {
        int mine = 0,
            block;
        while ((block = Claim(back)) >= 0)
        {
            mine++;
            try
            {
                _body(_job, _first + block);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
                mine += ClaimRest();
            }
        }

        if (mine == 0)
        {
            return;
        }

        // The job cannot end before what is held here is counted, so the number of its blocks stays.
        int blocks = _blocks;
        if (Interlocked.Add(ref _done, mine) == blocks && Volatile.Read(ref _callerSleeps))
        {
            lock (_finish)
            {
                Monitor.Pulse(_finish);
            }
        }
    }

    /// <summary>A block that is now this thread's, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int Claim(bool back)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket),
                less = back ? ticket - 1 : ticket - 1 + OneFromFront;
            int unclaimed = Unclaimed(ticket);
            if (unclaimed == 0)
            {
                return -1;
            }

            if (Interlocked.CompareExchange(ref _ticket, less, ticket) == ticket)
            {
                return FromFront(ticket) + (back ? unclaimed - 1 : 0);
            }
        }
    }

    /// <summary>Claims all that is left, not to be done. Only for who holds a block: the round is its own.</summary>
    int ClaimRest()
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int rest = Unclaimed(ticket);
            if (Interlocked.CompareExchange(ref _ticket, ticket - rest, ticket) == ticket)
            {
                return rest;
            }
        }
    }
}
