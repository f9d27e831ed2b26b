using System.Runtime.InteropServices;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Why a text ended.</summary>
public enum EndReason
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>A token behind which texts end was chosen.</summary>
    Token,

    /// <summary>As many tokens as were asked for are there.</summary>
    MaxTokens,

    /// <summary>The model's context is full; nothing is shifted out of it.</summary>
    Context,

    /// <summary>Whoever reads it had enough.</summary>
    Stopped,
}

/// <summary>Is shown a token that was written, and the scores of all that it was chosen among; their memory is used again.</summary>
public delegate void SeeChoice(int id, ReadOnlySpan<float> logits);

/// <summary>One text that is being written.</summary>
public sealed class Generation
{
    readonly SamplingOptions _options;
    readonly IReadOnlyList<int> _endIds;
    readonly int _context;
    readonly Sampler _sampler;
    readonly List<int> _ids;
    readonly int[] _prompt;
    long _layers;
    int _chosen;

    internal Generation(int[] prompt, SamplingOptions options, ModelConfig config, Past past)
    {
        (_prompt, _options, _context, Past) = (prompt, options, config.MaxLength, past);
        _endIds = options.EndIds ?? config.EndIds;
        _sampler = new Sampler(options, config.Vocabulary);
        _sampler.See(prompt);
        _ids = new List<int>(Math.Min(options.MaxTokens, _context));
    }

    internal Past Past { get; }

    /// <summary>Tokens that were written so far; one behind which texts end is not among them.</summary>
    public IReadOnlyList<int> Ids => _ids;
    public EndReason End { get; private set; }

    /// <summary>Tokens that it goes on from.</summary>
    public int PromptTokens => _prompt.Length;

    /// <summary>Null: nobody looks.</summary>
    public SeeChoice? See { get; set; }

    /// <summary>Tokens of the prompt that were read so far.</summary>
    public int Read => Math.Min(Past.Length, _prompt.Length);

    /// <summary>What the model reads next: some of the prompt, or the last token.</summary>
    internal ReadOnlySpan<int> Pending(int most)
    {
        int at = Past.Length;
        return at < _prompt.Length
            ? _prompt.AsSpan(at, Math.Min(most, _prompt.Length - at))
            : CollectionsMarshal.AsSpan(_ids)[^1..];
    }

    /// <summary>Layers that the tokens passed from whose scores the written ones were chosen, on average; 0 before the first.</summary>
    public double AverageLayers => _chosen == 0 ? 0 : _layers / (double)_chosen;

    /// <summary>Scores behind what was pending.</summary>
    /// <param name="layers">That the last of it went through.</param>
    internal void Take(ReadOnlySpan<float> logits, int layers)
    {
        if (Past.Length < _prompt.Length)
        {
            return;
        }

        _layers += layers;
        _chosen++;
        int id = _sampler.Next(logits);
        if (Ends(id))
        {
            Finish(EndReason.Token);
            return;
        }

        _ids.Add(id);
        See?.Invoke(id, logits);
        if (_ids.Count == _options.MaxTokens)
        {
            Finish(EndReason.MaxTokens);
        }
        else if (Past.Length == _context)
        {
            Finish(EndReason.Context);
        }
    }

    bool Ends(int id)
    {
        for (int i = 0; i < _endIds.Count; i++)
        {
            if (_endIds[i] == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends the text here, for instance behind a word that says so, and gives its memory back.</summary>
    public void Stop()
    {
        if (End == EndReason.None)
        {
            Finish(EndReason.Stopped);
        }
    }

    void Finish(EndReason reason)
    {
        End = reason;
        Past.Clear();
    }
}

/// <summary>
/// Writes texts with a language model: one, or several that take their steps together, which costs hardly more than one alone as
/// long as the weights' way from memory is what a step waits for. Texts may join and end at any step. Not for several threads at once.
/// </summary>
public sealed class Generator
{
    // A long prompt is read in pieces, so that what lies between the layers stays small.
    const int MostAtOnce = 512;

    readonly LanguageSession _session;
    Past[] _pasts = [];
    int[] _counts = [];
    int[] _ids = new int[MostAtOnce];
    Generation[] _going = [];

    /// <param name="cache">How keys and values are kept.</param>
    /// <exception cref="InvalidDataException">The model is no language model.</exception>
    public Generator(PackedModel packed, Workers workers, CacheForm cache = CacheForm.Fp32) =>
        _session = new LanguageSession(packed, workers, cache);

    /// <summary>How far each token goes, where the model has early exits.</summary>
    public Effort Effort { get; set; } = Effort.Full;

    public Model Model => _session.Model;

    /// <summary>Memory of keys and values.</summary>
    public long CacheBytes => _session.Cache.Bytes;

    /// <summary>Memory of keys and values of a text of so many tokens.</summary>
    public long CacheBytesOf(int tokens) =>
        (long)((tokens + KeyValueCache.PageTokens - 1) / KeyValueCache.PageTokens)
        * _session.Cache.PageBytes;

    /// <summary>A text that goes on from a prompt; it is read by the first steps.</summary>
    /// <exception cref="ArgumentException">The prompt is empty, longer than the context, or holds an id that the model has not; or an option is out of its range.</exception>
    public Generation Begin(IReadOnlyList<int> prompt, SamplingOptions options)
    {
        ModelConfig config = Model.Config;
        if (prompt.Count == 0 || prompt.Count > config.MaxLength)
        {
            throw new ArgumentException(
                $"The prompt has {prompt.Count} tokens; there is 1 at least, and the model's context holds {config.MaxLength}."
            );
        }

        if (prompt.Any(id => id < 0 || id >= config.Vocabulary))
        {
            int id = prompt.First(i => i < 0 || i >= config.Vocabulary);
            throw new ArgumentException(
                $"The prompt holds the token {id}; the model has 0 to {config.Vocabulary - 1}, so the tokenizer is another model's."
            );
        }

        return new Generation([.. prompt], options, config, _session.Begin());
    }

    /// <summary>One pass for all texts that go on: each gets a token, or reads more of a long prompt.</summary>
    /// <returns>Whether any goes on behind it.</returns>
    public bool Step(IReadOnlyList<Generation> texts)
    {
        if (_pasts.Length < texts.Count)
        {
            _pasts = new Past[texts.Count];
            _counts = new int[texts.Count];
            _going = new Generation[texts.Count];
        }

        int count = 0,
            tokens = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            Generation text = texts[i];
            if (text.End != EndReason.None)
            {
                continue;
            }

            ReadOnlySpan<int> pending = text.Pending(MostAtOnce);
            if (_ids.Length < tokens + pending.Length)
            {
                Array.Resize(ref _ids, Math.Max(tokens + pending.Length, 2 * _ids.Length));
            }

            pending.CopyTo(_ids.AsSpan(tokens));
            tokens += pending.Length;
            (_going[count], _pasts[count], _counts[count]) = (text, text.Past, pending.Length);
            count++;
        }

        if (count == 0)
        {
            return false;
        }

        Tensor logits = _session.Step(
            _pasts.AsSpan(0, count),
            _ids.AsSpan(0, tokens),
            _counts.AsSpan(0, count),
            Effort
        );
        bool any = false;
        for (int i = 0; i < count; i++)
        {
            _going[i].Take(logits.Row(i), Model.Config.LayersAt(_session.Exits[i]));
            any |= _going[i].End == EndReason.None;
        }

        return any;
    }

    /// <summary>The tokens of one text as they are chosen; whoever wants to know why it ended takes <see cref="Begin"/> and <see cref="Step"/>.</summary>
    /// <inheritdoc cref="Begin"/>
    public IEnumerable<int> Generate(IReadOnlyList<int> prompt, SamplingOptions options)
    {
        Generation text = Begin(prompt, options);
        return Follow(text);
    }

    IEnumerable<int> Follow(Generation text)
    {
        Generation[] one = [text];
        int told = 0;
        bool goesOn = true;
        try
        {
            while (goesOn)
            {
                goesOn = Step(one);
                for (; told < text.Ids.Count; told++)
                {
                    yield return text.Ids[told];
                }
            }
        }
        finally
        {
            text.Stop();
        }
    }
}
