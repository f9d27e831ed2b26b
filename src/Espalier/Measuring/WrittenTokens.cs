using Espalier.Kernels;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>
/// What a user of a language model waits for, as work that is timed: the first token behind a prompt, and each further one, several
/// requests beside each other. What a token is decides no time, so all requests have one prompt.
/// </summary>
public sealed class WrittenTokens
{
    /// <summary>Of a prompt, where the text and the model's context have so many.</summary>
    public const int PromptTokens = 128;

    // Behind a prompt the time of a token hardly grows over so few, and the clock does not see one alone.
    const int Most = 32;

    readonly LanguageSession _session;
    readonly int[] _prompt;
    readonly int _requests;
    readonly Past[] _pasts;
    readonly int[] _ones;
    readonly int[] _first;
    readonly int[] _last;

    /// <param name="text">That prompts are the beginning of.</param>
    /// <param name="requests">Beside each other.</param>
    public WrittenTokens(LanguageSession session, ReadOnlySpan<int> text, int requests)
    {
        int context = session.Model.Config.MaxLength,
            length = Math.Min(Math.Min(PromptTokens, text.Length), Math.Max(1, context / 2));
        (_session, _requests) = (session, requests);
        _prompt = [.. Enumerable.Repeat(text[..length].ToArray(), requests).SelectMany(p => p)];
        _pasts = [.. Enumerable.Range(0, requests).Select(_ => session.Begin())];
        _ones = [.. Enumerable.Repeat(1, requests)];
        (_first, _last) = (new int[requests], new int[requests]);
        Count = Math.Clamp(context - length, 1, Most);
    }

    /// <summary>Further tokens that <see cref="Further"/> writes.</summary>
    public int Count { get; }

    /// <summary>What was said last behind each prompt.</summary>
    public ReadOnlySpan<int> Last => _last;

    int Length => _prompt.Length / _requests;

    /// <summary>Reads the prompts and says the first token behind each.</summary>
    public void First()
    {
        foreach (Past past in _pasts)
        {
            past.Keep(0);
        }

        Say(_prompt, [.. Enumerable.Repeat(Length, _requests)]);
        _last.CopyTo(_first, 0);
    }

    /// <summary>Writes tokens behind the prompts, each from the one before; the prompts are read when it is called first.</summary>
    public void Further()
    {
        if (_pasts[0].Length < Length)
        {
            First();
        }

        foreach (Past past in _pasts)
        {
            past.Keep(Length);
        }

        _first.CopyTo(_last, 0);

        for (int token = 0; token < Count; token++)
        {
            Say(_last, _ones);
        }
    }

    void Say(ReadOnlySpan<int> ids, ReadOnlySpan<int> counts)
    {
        Tensors.Tensor logits = _session.Step(_pasts, ids, counts);
        for (int r = 0; r < _requests; r++)
        {
            _last[r] = Effort.Largest(logits.Row(r));
        }
    }
}
