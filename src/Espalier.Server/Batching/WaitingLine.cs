using System.Diagnostics.CodeAnalysis;

namespace Espalier.Server.Batching;

/// <summary>Jobs in the order in which they came, no more than a number of them. Any thread adds, one takes.</summary>
sealed class WaitingLine<T>(int most)
    where T : Job
{
    readonly Queue<T> _jobs = new();
    bool _closed;

    /// <summary>Of those that somebody still asks for.</summary>
    public int Count
    {
        get
        {
            lock (_jobs)
            {
                return _jobs.Count(j => !j.Left.IsCancellationRequested);
            }
        }
    }

    /// <summary>All of them or none.</summary>
    public bool TryAdd(IReadOnlyList<T> jobs)
    {
        lock (_jobs)
        {
            if (_jobs.Count + jobs.Count > most)
            {
                Forget();
            }

            if (_closed || _jobs.Count + jobs.Count > most)
            {
                return false;
            }

            foreach (T job in jobs)
            {
                _jobs.Enqueue(job);
            }

            Monitor.Pulse(_jobs);
            return true;
        }
    }

    /// <summary>Who left takes no place from who comes.</summary>
    void Forget()
    {
        for (int left = _jobs.Count; left > 0; left--)
        {
            if (_jobs.Dequeue() is var job && !job.Left.IsCancellationRequested)
            {
                _jobs.Enqueue(job);
            }
        }
    }

    /// <summary>Waits for a job. False: the line is closed, and nothing is left of it.</summary>
    public bool Wait()
    {
        lock (_jobs)
        {
            while (_jobs.Count == 0 && !_closed)
            {
                Monitor.Wait(_jobs);
            }

            return _jobs.Count > 0;
        }
    }

    /// <summary>The first one, where it fits; those that nobody asks for any more are passed over.</summary>
    public bool TryTake(Func<T, bool> fits, [MaybeNullWhen(false)] out T job)
    {
        lock (_jobs)
        {
            while (_jobs.TryPeek(out job))
            {
                if (job.Left.IsCancellationRequested)
                {
                    _jobs.Dequeue();
                }
                else if (fits(job))
                {
                    _jobs.Dequeue();
                    return true;
                }
                else
                {
                    break;
                }
            }

            job = null;
            return false;
        }
    }

    /// <summary>Nobody joins any more.</summary>
    public void Close()
    {
        lock (_jobs)
        {
            _closed = true;
            Monitor.PulseAll(_jobs);
        }
    }
}
