using Espalier.Answering;
using Espalier.Models;

namespace Espalier.Server.Batching;

/// <summary>
/// A language model that writes for many at once: every step gives each living text its next token in one pass over the weights, and
/// between two steps new prompts join and finished texts leave (Yu et al. 2022). All share one cache of keys and values, in pages.
/// </summary>
public sealed class ServedWriter(string name, LanguageModel model) : ServedModel(name)
{
    // Texts that are written at once: beyond, a step waits for arithmetic and no longer for the weights.
    const int MostLive = 32;

    // Of prompts in one step, so that those who are being written to do not wait long for a long prompt.
    const int PromptTokensOfStep = 512;

    // The cache may have this share of the machine's memory.
    const int ShareOfMemory = 4;

    readonly List<TextJob> _live = [];
    readonly List<Generation> _step = [];
    WaitingLine<TextJob> _line = null!;
    Generator _generator = null!;
    int _running;
    long _cacheBytes;
    long _mostCacheBytes;
    double _secondsOfOne;

    public LanguageModel Model => model;

    internal override string Folder => model.Folder;

    internal override int Waiting => _line.Count;

    internal override int Running => _running;

    internal override long CacheBytes => _cacheBytes;

    /// <summary>Writes texts; what comes of them is told to the jobs.</summary>
    /// <exception cref="Api.Refusal">Too many wait already.</exception>
    internal void Write(IReadOnlyList<TextJob> jobs)
    {
        if (!_line.TryAdd(jobs))
        {
            throw Full(_secondsOfOne / MostLive);
        }
    }

    private protected override void Prepare()
    {
        _line = new WaitingLine<TextJob>(Options.MostWaiting);
        _generator = new Generator(model.Packed, model.Workers);

        // One text of the model's whole context always fits.
        _mostCacheBytes = Math.Max(
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory,
            BytesOf(model.Config.MaxLength)
        );
    }

    private protected override void Work()
    {
        while (_live.Count > 0 || _line.Wait())
        {
            try
            {
                Leave();
                Join();
                if (_live.Count > 0)
                {
                    Step();
                }
            }
            catch (Exception e)
            {
                Api.Refusal broken = Broken(e);
                _live.ForEach(j => j.Fail(broken));
                _live.ForEach(End);
                _live.Clear();
            }

            (_running, _cacheBytes) = (_live.Count, _generator.CacheBytes);
        }
    }

    /// <summary>Those who left free their pages at once.</summary>
    void Leave() =>
        _live.RemoveAll(job =>
        {
            bool leaves = job.Left.IsCancellationRequested;
            if (leaves)
            {
                End(job);
            }

            return leaves;
        });

    /// <summary>A text joins when the cache has room for all that it may become, so none is ever put out for another.</summary>
    void Join()
    {
        while (
            _live.Count < MostLive
            && _line.TryTake(
                next =>
                    _live.Sum(j => BytesOf(j.MostTokens)) + BytesOf(next.MostTokens)
                    <= _mostCacheBytes,
                out TextJob? job
            )
        )
        {
            job.Begin(_generator, model);
            _live.Add(job);
            Figures.Waited(Name, Options.Time.GetElapsedTime(job.Arrived).TotalSeconds);
            Figures.Tokens(Name, "prompt", job.Prompt.Length);
        }
    }

    void Step()
    {
        long began = Options.Time.GetTimestamp();
        int prompts = 0,
            written = _live.Sum(j => j.Text.Ids.Count);
        _step.Clear();
        foreach (TextJob job in _live)
        {
            int left = job.Prompt.Length - job.Text.Read;
            if (left == 0 || prompts < PromptTokensOfStep)
            {
                prompts += left;
                _step.Add(job.Text);
            }
        }

        _generator.Step(_step);
        foreach (TextJob job in _live)
        {
            if (job.Tell())
            {
                Figures.First(Name, Options.Time.GetElapsedTime(job.Arrived).TotalSeconds);
            }
        }

        written = _live.Sum(j => j.Text.Ids.Count) - written;
        Figures.Tokens(Name, "completion", written);
        Figures.Batch(
            Name,
            _step.Count,
            prompts + written,
            Options.Time.GetElapsedTime(began).TotalSeconds
        );
        foreach (TextJob job in _live.Where(j => j.Ended))
        {
            double whole = Options.Time.GetElapsedTime(job.Arrived).TotalSeconds;
            _secondsOfOne += 0.1 * (whole - _secondsOfOne);
        }

        _live.RemoveAll(j => j.Ended);
    }

    static void End(TextJob job) => job.Text.Stop();

    long BytesOf(int tokens) => _generator.CacheBytesOf(Math.Min(tokens, model.Config.MaxLength));

    private protected override void Close() => _line.Close();

    private protected override void DisposeModel() => model.Dispose();
}
