using System.Threading.Channels;
using Espalier.Answering;
using Espalier.Models;
using Espalier.Server.Api;

namespace Espalier.Server.Batching;

/// <summary>What came of a text in a step.</summary>
/// <param name="Index">Which text of the request.</param>
/// <param name="Text">What is certain now, perhaps nothing.</param>
/// <param name="Scores">Of the tokens that were written in it; null where nobody asked for them.</param>
/// <param name="End">Why nothing more comes; <see cref="EndReason.None"/>: something may.</param>
/// <param name="Tokens">Written so far.</param>
readonly record struct TextPiece(
    int Index,
    string Text,
    IReadOnlyList<TokenScore>? Scores,
    EndReason End,
    int Tokens
);

/// <summary>A text that a language model writes for a request.</summary>
/// <param name="scores">How many of the likeliest tokens are told beside the one that was written; null: no scores are.</param>
/// <param name="to">
/// Never makes the model wait: a client that reads slowly costs memory for its own text alone, which its greatest length bounds.
/// </param>
sealed class TextJob(
    int index,
    int[] prompt,
    SamplingOptions sampling,
    IReadOnlyList<string> stops,
    int? scores,
    ChannelWriter<TextPiece> to
) : Job
{
    List<TokenScore>? _scores;
    Generation? _text;
    LiveText? _live;
    bool _began;

    public int[] Prompt => prompt;

    /// <summary>Tokens that it may have in the end.</summary>
    public int MostTokens => prompt.Length + sampling.MaxTokens;

    public Generation Text => _text!;

    public bool Ended => _live!.End != EndReason.None;

    public bool ReadsPrompt => Text.Read < prompt.Length;

    public void Begin(Generator generator, LanguageModel model)
    {
        _text = generator.Begin(prompt, sampling);
        _live = new LiveText(model.Tokenizer, _text, stops);
        if (scores is { } top)
        {
            _scores = [];
            _text.See = (id, logits) => _scores.Add(TokenScore.Of(id, logits, top));
        }
    }

    /// <summary>Tells what the last step brought.</summary>
    /// <returns>Whether its first token was in it.</returns>
    public bool Tell()
    {
        string text = _live!.Next();
        if (text.Length > 0 || _scores is { Count: > 0 } || Ended)
        {
            to.TryWrite(new TextPiece(index, text, _scores?.ToArray(), _live.End, Text.Ids.Count));
            _scores?.Clear();
        }

        bool first = !_began && Text.Ids.Count > 0;
        _began |= first;
        return first;
    }

    public override void Fail(Refusal refusal) => to.TryComplete(refusal);
}
