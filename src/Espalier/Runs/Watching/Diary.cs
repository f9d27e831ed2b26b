using Espalier.Checkpoints;

namespace Espalier.Runs.Watching;

/// <summary>
/// A small file of a store that says how work goes, for whoever watches. No key and no result depends on it, and where it cannot
/// be written the work goes on. It is written beside the work: what changed at most every second, and now and then a sign of life.
/// </summary>
sealed class Diary : IDisposable
{
    /// <summary>Who was not heard of for so long does not work any more.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    const int BeatsOfSilence = 10;

    readonly Lock _one = new();
    readonly string _file;
    readonly Func<byte[]?> _content;
    readonly ITimer _timer;
    volatile bool _changed;
    int _silent;
    bool _ended;

    /// <param name="content">What is to stand in the file now, null: nothing is left to say; asked for on another thread.</param>
    public Diary(string file, Func<byte[]?> content, TimeProvider time)
    {
        (_file, _content) = (file, content);
        Write();
        _timer = time.CreateTimer(_ => OnBeat(), null, Beat, Beat);
    }

    public void Changed() => _changed = true;

    /// <summary>Writes what there is to say at the end.</summary>
    public void Dispose()
    {
        lock (_one)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
        }

        _timer.Dispose();
        Write();
    }

    void OnBeat()
    {
        // A disk that takes longer than a beat is not asked twice at once.
        if (!_one.TryEnter())
        {
            return;
        }

        try
        {
            if (!_ended && (_changed || ++_silent >= BeatsOfSilence))
            {
                Write();
            }
        }
        finally
        {
            _one.Exit();
        }
    }

    void Write()
    {
        (_changed, _silent) = (false, 0);
        try
        {
            if (_content() is { } content)
            {
                AtomicFile.Write(_file, content);
            }
            else
            {
                File.Delete(_file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is told by whoever writes results.
        }
    }
}
