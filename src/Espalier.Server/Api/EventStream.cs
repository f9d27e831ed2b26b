using System.Text.Json;
using System.Threading.Channels;
using Espalier.Models;
using Espalier.Server.Batching;

namespace Espalier.Server.Api;

/// <summary>Texts as server-sent events, each a piece of one of them, as OpenAI's clients read them.</summary>
sealed class EventStream<TChoice>(
    Call call,
    WritingRequest request,
    CompletionForm<TChoice> form,
    Completion<TChoice> head
)
{
    readonly Stream _body = call.Context.Response.Body;

    public async Task Send(ChannelReader<TextPiece> pieces, int texts)
    {
        call.Context.Response.ContentType = "text/event-stream";
        call.Context.Response.Headers.CacheControl = "no-cache";
        try
        {
            for (int i = 0; i < texts; i++)
            {
                if (form.First(i) is { } first)
                {
                    await Send(head with { Choices = [first] });
                }
            }

            await _body.FlushAsync(call.Left);
            int tokens = await SendPieces(pieces, texts);
            if (request.TellsUsage)
            {
                await Send(head with { Usage = Writing.UsageOf(request, tokens) });
            }

            await _body.WriteAsync("data: [DONE]\n\n"u8.ToArray(), call.Left);
        }
        catch (Exception e)
            when (e is OperationCanceledException or Refusal
                && !call.Context.RequestAborted.IsCancellationRequested
            )
        {
            // The status was sent long ago; the reason still can be.
            Refusal refusal = e as Refusal ?? call.TooLate();
            await SendEvent(
                JsonSerializer.SerializeToUtf8Bytes(Call.OpenAi(refusal), Wire.Default.OpenAiError),
                call.Context.RequestAborted
            );
        }
    }

    /// <returns>Tokens of all texts.</returns>
    async Task<int> SendPieces(ChannelReader<TextPiece> pieces, int texts)
    {
        int tokens = 0;
        for (int open = texts; open > 0 && await pieces.WaitToReadAsync(call.Left); )
        {
            pieces.TryRead(out TextPiece piece);
            if (piece.End != EndReason.None)
            {
                open--;
                tokens += piece.Tokens;
            }

            await Send(head with { Choices = [form.Chunk(piece, request.Model.Model.Tokenizer)] });
            if (!pieces.TryPeek(out _))
            {
                await _body.FlushAsync(call.Left);
            }
        }

        return tokens;
    }

    Task Send(Completion<TChoice> chunk) =>
        SendEvent(JsonSerializer.SerializeToUtf8Bytes(chunk, form.Type), call.Left);

    async Task SendEvent(byte[] json, CancellationToken left)
    {
        await _body.WriteAsync("data: "u8.ToArray(), left);
        await _body.WriteAsync(json, left);
        await _body.WriteAsync("\n\n"u8.ToArray(), left);
    }
}
