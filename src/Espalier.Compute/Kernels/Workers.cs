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
/// block does not matter, and a thread that the machine takes away delays one block only.
/// </summary>
public sealed unsafe class Workers : IDisposable
{
    // About 20 microseconds of spinning: the next kernel of a layer usually comes sooner.
    const int Spins = 2000;

    readonly Thread[] _threads;
    readonly Lock _callers = new();
    readonly Lock _parking = new();
    readonly ManualResetEventSlim _wake = new(false);
    ExceptionDispatchInfo? _failure;
    delegate* <void*, int, void> _body;
    void* _job;
    int _blocks;
    int _next;
    int _busy;
    volatile int _round;
    volatile bool _stopping;

    public Workers(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"espalier-{i + 1}" };
            _threads[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>Runs every block and returns when all are done. Nothing is allocated.</summary>
    public void Run<T>(int blocks, in T job)
        where T : struct, IBlocks
    {
        if (blocks <= 1 || Threads == 1)
        {
            T copy = job;
            for (int i = 0; i < blocks; i++)
            {
                copy.Run(i);
            }

            return;
        }

        // The job lives on this stack until every block is done, so its address stays good.
        T here = job;
        RunAll(blocks, &Invoke<T>, Unsafe.AsPointer(ref here));
    }

    /// <summary>The same for a delegate, where an allocation does not matter.</summary>
    public void Run(int blocks, Action<int> body) => Run(blocks, new Delegated(body));

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _wake.Dispose();
    }

    readonly struct Delegated(Action<int> body) : IBlocks
    {
        public void Run(int block) => body(block);
    }

    static void Invoke<T>(void* job, int block)
        where T : struct, IBlocks => Unsafe.AsRef<T>(job).Run(block);

    void RunAll(int blocks, delegate* <void*, int, void> body, void* job)
    {
        lock (_callers)
        {
            _body = body;
            _job = job;
            _blocks = blocks;
            _failure = null;
            Volatile.Write(ref _next, 0);
            Volatile.Write(ref _busy, _threads.Length);
            _round++;
            lock (_parking)
            {
                _wake.Set();
            }

            Share();
            SpinWait wait = default;
            while (Volatile.Read(ref _busy) != 0)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }

            _failure?.Throw();
        }
    }

    void Share()
    {
        try
        {
            for (int i; (i = Interlocked.Increment(ref _next) - 1) < _blocks; )
            {
                _body(_job, i);
            }
        }
        catch (Exception e)
        {
            Volatile.Write(ref _next, _blocks);
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    void Work()
    {
        int seen = 0;
        while (true)
        {
            for (int i = 0; i < Spins && _round == seen && !_stopping; i++)
            {
                Thread.SpinWait(8);
            }

            while (_round == seen && !_stopping)
            {
                lock (_parking)
                {
                    if (_round == seen && !_stopping)
                    {
                        _wake.Reset();
                    }
                }

                _wake.Wait();
            }

            if (_stopping)
            {
                return;
            }

            seen = _round;
            Share();
            Interlocked.Decrement(ref _busy);
        }
    }
}
