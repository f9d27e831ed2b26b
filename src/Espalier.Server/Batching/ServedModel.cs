using Espalier.Server.Api;
using Espalier.Server.Figures;

namespace Espalier.Server.Batching;

/// <summary>A model under the name by which clients ask for it, with a thread of its own that forms batches of what waits.</summary>
public abstract class ServedModel(string name) : IDisposable
{
    Thread? _thread;

    public string Name { get; } = name;

    /// <summary>Where its files lie, which clients do not hear.</summary>
    internal abstract string Folder { get; }

    /// <summary>Texts or prompts that wait.</summary>
    internal abstract int Waiting { get; }

    /// <summary>Texts or prompts that the model is at.</summary>
    internal abstract int Running { get; }

    /// <summary>Memory of keys and values, in bytes; 0: the model has none.</summary>
    internal virtual long CacheBytes => 0;

    private protected ServerOptions Options { get; private set; } = null!;

    private protected ServerFigures Figures { get; private set; } = null!;

    internal void Start(ServerOptions options, ServerFigures figures)
    {
        (Options, Figures) = (options, figures);
        Prepare();
        _thread = new Thread(Work) { IsBackground = true, Name = $"espalier-serve-{Name}" };
        _thread.Start();
    }

    private protected abstract void Prepare();

    /// <summary>Until the line is closed and everything in it done.</summary>
    private protected abstract void Work();

    private protected abstract void Close();

    private protected abstract void DisposeModel();

    /// <summary>How long a client should wait before it asks again: until those in front of it are likely done.</summary>
    private protected Refusal Full(double secondsOfOne)
    {
        int seconds = (int)Math.Clamp(Math.Ceiling(Waiting * secondsOfOne), 1, 60);
        return new Refusal(
            429,
            $"{Waiting} of at most {Options.MostWaiting} wait for {Name} already; ask again in {seconds} seconds."
        )
        {
            RetryAfter = seconds,
        };
    }

    /// <summary>A batch broke: whoever runs the server is told why, clients that it did.</summary>
    private protected Refusal Broken(Exception e)
    {
        try
        {
            Options.Tell($"{Name}: a batch failed ({e.GetType().Name}: {e.Message})");
        }
        catch (Exception)
        {
            // Nobody who waits for an answer is to lose it for a note.
        }

        return new Refusal(500, $"{Name} could not answer; the server's own output says why.");
    }

    /// <summary>Takes nothing more on, does what waits, and ends the threads.</summary>
    public void Dispose()
    {
        if (_thread is not null)
        {
            Close();
            _thread.Join();
        }

        DisposeModel();
        GC.SuppressFinalize(this);
    }
}
