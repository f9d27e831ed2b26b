using Espalier.Models;

namespace Espalier.Answering;

/// <summary>A text that a language model wrote.</summary>
/// <param name="Text">Without the prompt, and without the stop string that ended it.</param>
/// <param name="End">Why it ended; <see cref="EndReason.Stopped"/>: at a stop string.</param>
/// <param name="PromptTokens">Tokens that were read.</param>
/// <param name="Tokens">Tokens that were written, one that ended the text not counted.</param>
/// <param name="ToFirst">Time until the first token was chosen.</param>
/// <param name="Rest">Time of the tokens behind the first.</param>
public sealed record WrittenText(
    string Text,
    EndReason End,
    int PromptTokens,
    int Tokens,
    TimeSpan ToFirst,
    TimeSpan Rest
)
{
    /// <summary>That were passed for a token.</summary>
    public double AverageLayers { get; init; }

    /// <summary>Behind the first; null where there are none.</summary>
    public double? TokensPerSecond =>
        Tokens > 1 && Rest > TimeSpan.Zero ? (Tokens - 1) / Rest.TotalSeconds : null;
}
