using Espalier.Kernels;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>
/// What a user of a language model waits for, as work that is timed: the first token behind a prompt, and each further one, several
/// requests beside each other. Their prompts begin alike and differ in length, as those of requests do: from a quarter of the longest up.
/// </summary>
/// <remarks>
/// What a token is decides no time unless tokens leave early. Where they do, the text itself is what is written, as when its perplexity
/// is measured: a model that repeats itself is surer than one is of a text.
/// </remarks>
public sealed class WrittenTokens
{
    /// <summary>Of a prompt, where the text and the model's context have so many.</summary>
    public const int PromptTokens = 128;

    // Behind a prompt the time of a token hardly grows over so few, and the clock does not see one alone.
    const int Most = 32;

    readonly LanguageSession _session;
    readonly int[] _text;
    readonly Effort? _effort;
    readonly int[] _lengths;
    readonly int[] _prompts;
    readonly Past[] _pasts;
    readonly int[] _ones;
    readonly int[] _first;
    readonly int[] _last;
    long _layers;
    long _tokens;

    /// <param name="text">That prompts are the beginning of.</param>
    /// <param name="requests">Beside each other.</param>
    /// <param name="effort">At which the text goes on; null: with what the model finds likeliest, through all layers.</param>
    public WrittenTokens(
        LanguageSession session,
        ReadOnlySpan<int> text,
        int requests,
        Effort? effort = null
    )
    {
        int context = session.Model.Config.MaxLength,
            own = effort is null ? text.Length : Math.Max(1, text.Length - Most),
            longest = Math.Min(Math.Min(PromptTokens, own), Math.Max(1, context / 2));
        (_session, _text, _effort) = (session, text.ToArray(), effort);
        _lengths =
        [
            .. Enumerable
                .Range(0, requests)
                .Select(r => longest - 3 * longest * r / (4 * Math.Max(1, requests - 1))),
        ];
        _prompts = [.. _lengths.SelectMany(length => _text[..length])];
        _pasts = [.. Enumerable.Range(0, requests).Select(_ => session.Begin())];
        _ones = [.. Enumerable.Repeat(1, requests)];
        (_first, _last) = (new int[requests], new int[requests]);
        Count = Math.Clamp(
            (effort is null ? context : Math.Min(context, text.Length)) - longest,
            1,
            Most
        );
    }

    /// <summary>Further tokens that <see cref="Further"/> writes.</summary>
    public int Count { get; }

    /// <summary>What was said last behind each prompt; the first has the longest.</summary>
    public ReadOnlySpan<int> Last => _last;

    /// <summary>Layers that further tokens passed, on average; null: none was written, or all pass all.</summary>
    public double? AverageLayers => _tokens == 0 ? null : _layers / (double)_tokens;

    /// <summary>Reads the prompts and says the first token behind each.</summary>
    public void First()
    {
        foreach (Past past in _pasts)
        {
            past.Keep(0);
        }

        Say(_prompts, _lengths);
        _last.CopyTo(_first, 0);
    }

    /// <summary>Writes tokens behind the prompts, each from the one before; the prompts are read when it is called first.</summary>
    public void Further()
    {
        if (_pasts[0].Length < _lengths[0])
        {
            First();
        }

        for (int r = 0; r < _pasts.Length; r++)
        {
            _pasts[r].Keep(_lengths[r]);
        }

        _first.CopyTo(_last, 0);

        for (int token = 0; token < Count; token++)
        {
            for (int r = 0; _effort is not null && r < _last.Length; r++)
            {
                _last[r] = _text[Math.Min(_text.Length - 1, _lengths[r] + token)];
            }

            Say(_last, _ones);
            for (int r = 0; _effort is not null && r < _last.Length; r++)
            {
                _layers += _session.Model.Config.LayersAt(_session.Exits[r]);
                _tokens++;
            }
        }
    }

    void Say(ReadOnlySpan<int> ids, ReadOnlySpan<int> counts)
    {
        Tensors.Tensor logits = _session.Step(_pasts, ids, counts, _effort);
        for (int r = 0; r < _last.Length; r++)
        {
            _last[r] = Effort.Largest(logits.Row(r));
        }
    }
}
