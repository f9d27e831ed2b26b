using System.Text.Json.Serialization.Metadata;
using Espalier.Models;
using Espalier.Server.Batching;
using Espalier.Text;

namespace Espalier.Server.Api;

/// <summary>How OpenAI's APIs want a text that was written, whole or in chunks.</summary>
abstract class CompletionForm<TChoice>
{
    public abstract string Kind { get; }

    public abstract string Object { get; }

    public abstract string ChunkObject { get; }

    public abstract JsonTypeInfo<Completion<TChoice>> Type { get; }

    /// <summary>What a stream begins with, for each text; null: nothing.</summary>
    public virtual TChoice? First(int index) => default;

    public abstract TChoice Whole(
        int index,
        string text,
        IReadOnlyList<TokenScore>? scores,
        EndReason end,
        Tokenizer tokenizer
    );

    public abstract TChoice Chunk(in TextPiece piece, Tokenizer tokenizer);

    protected static string? Finish(EndReason end) =>
        end switch
        {
            EndReason.None => null,
            EndReason.Token or EndReason.Stopped => "stop",
            _ => "length",
        };

    protected static string TokenText(Tokenizer tokenizer, int id) =>
        tokenizer.Decode([id], skipSpecial: false);
}

/// <summary><c>/v1/chat/completions</c>.</summary>
sealed class ChatForm : CompletionForm<ChatChoice>
{
    const string Role = "assistant";

    public override string Kind => "chatcmpl";
    public override string Object => "chat.completion";
    public override string ChunkObject => "chat.completion.chunk";
    public override JsonTypeInfo<Completion<ChatChoice>> Type => Wire.Default.CompletionChatChoice;

    public override ChatChoice First(int index) =>
        new(index, null, new Delta(Role, ""), null, null);

    public override ChatChoice Whole(
        int index,
        string text,
        IReadOnlyList<TokenScore>? scores,
        EndReason end,
        Tokenizer tokenizer
    ) => new(index, new Message(Role, text), null, Scores(scores, tokenizer), Finish(end));

    public override ChatChoice Chunk(in TextPiece piece, Tokenizer tokenizer) =>
        new(
            piece.Index,
            null,
            new Delta(null, piece.Text),
            Scores(piece.Scores, tokenizer),
            Finish(piece.End)
        );

    static ChatScores? Scores(IReadOnlyList<TokenScore>? scores, Tokenizer tokenizer) =>
        scores is null
            ? null
            : new ChatScores([
                .. scores.Select(s => new ScoredToken(
                    TokenText(tokenizer, s.Id),
                    s.LogProbability,
                    Bytes(TokenText(tokenizer, s.Id)),
                    [
                        .. s.Top.Select(t => new LikelyToken(
                            TokenText(tokenizer, t.Id),
                            t.LogProbability,
                            Bytes(TokenText(tokenizer, t.Id))
                        )),
                    ]
                )),
            ]);

    static int[] Bytes(string text) =>
        [.. System.Text.Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
}

/// <summary><c>/v1/completions</c>.</summary>
sealed class TextForm : CompletionForm<TextChoice>
{
    public override string Kind => "cmpl";
    public override string Object => "text_completion";
    public override string ChunkObject => Object;
    public override JsonTypeInfo<Completion<TextChoice>> Type => Wire.Default.CompletionTextChoice;

    public override TextChoice Whole(
        int index,
        string text,
        IReadOnlyList<TokenScore>? scores,
        EndReason end,
        Tokenizer tokenizer
    ) => new(index, text, Scores(scores, tokenizer), Finish(end));

    public override TextChoice Chunk(in TextPiece piece, Tokenizer tokenizer) =>
        new(piece.Index, piece.Text, Scores(piece.Scores, tokenizer), Finish(piece.End));

    static TextScores? Scores(IReadOnlyList<TokenScore>? scores, Tokenizer tokenizer) =>
        scores is null
            ? null
            : new TextScores(
                [.. scores.Select(s => TokenText(tokenizer, s.Id))],
                [.. scores.Select(s => s.LogProbability)],
                [
                    .. scores.Select(s =>
                    {
                        // Tokens that are parts of a character may look alike; the likelier one stands for both.
                        Dictionary<string, double> top = new(StringComparer.Ordinal);
                        foreach (var (id, logProbability) in s.Top)
                        {
                            top.TryAdd(TokenText(tokenizer, id), logProbability);
                        }

                        return top;
                    }),
                ]
            );
}
