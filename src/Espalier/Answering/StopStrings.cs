namespace Espalier.Answering;

/// <summary>
/// Ends a text in front of the first of some strings. What may be the beginning of one is held back until it is known not to be.
/// </summary>
sealed class StopStrings
{
    readonly string[] _strings;
    string _held = "";

    /// <exception cref="ArgumentException">One is empty, and so would end every text at once.</exception>
    public StopStrings(IEnumerable<string> strings)
    {
        _strings = [.. strings];
        if (_strings.Contains(""))
        {
            throw new ArgumentException(
                "A stop string is empty, which would end every text at once; give it letters."
            );
        }
    }

    /// <summary>Whether one of them was met; nothing is given any more.</summary>
    public bool Met { get; private set; }

    /// <summary>The text that may be shown, now that more of it came.</summary>
    public string Add(string text)
    {
        if (Met)
        {
            return "";
        }

        string all = _held + text;
        int end = -1;
        foreach (string stop in _strings)
        {
            int at = all.IndexOf(stop, StringComparison.Ordinal);
            end = at >= 0 && (end < 0 || at < end) ? at : end;
        }

        Met = end >= 0;
        int shown = Met ? end : all.Length - Doubtful(all);
        _held = Met ? "" : all[shown..];
        return all[..shown];
    }

    /// <summary>What was held back, once no more text comes.</summary>
    public string Finish()
    {
        string held = _held;
        _held = "";
        return held;
    }

    /// <summary>Letters at the end of a text with which a stop string begins.</summary>
    int Doubtful(string text)
    {
        int most = 0;
        foreach (string stop in _strings)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > most; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    most = length;
                }
            }
        }

        return most;
    }
}
