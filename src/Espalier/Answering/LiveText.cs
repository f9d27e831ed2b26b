using System.Text;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Answering;

/// <summary>A text while it is written: what of it is certain, in whole characters and in front of stop strings.</summary>
/// <param name="text">Is ended where a stop string is met.</param>
/// <param name="stops">The text ends in front of the first of these.</param>
/// <exception cref="ArgumentException">A stop string is empty.</exception>
public sealed class LiveText(Tokenizer tokenizer, Generation text, IReadOnlyList<string> stops)
{
    readonly TextDecoder _decoder = tokenizer.NewDecoder(skipSpecial: true);
    readonly StopStrings _stops = new(stops);
    int _told;

    /// <summary>Why nothing more will come; <see cref="EndReason.None"/> as long as something may.</summary>
    public EndReason End { get; private set; }

    /// <summary>What became certain since the last call, often nothing; call it behind each step.</summary>
    public string Next()
    {
        if (End != EndReason.None)
        {
            return "";
        }

        StringBuilder certain = new();
        while (_told < text.Ids.Count)
        {
            certain.Append(_stops.Add(_decoder.Add(text.Ids[_told++])));
        }

        if (text.End == EndReason.None && !_stops.Met)
        {
            return certain.ToString();
        }

        certain.Append(_stops.Add(_decoder.Finish())).Append(_stops.Finish());
        End = _stops.Met ? EndReason.Stopped : text.End;
        text.Stop();
        return certain.ToString();
    }
}
