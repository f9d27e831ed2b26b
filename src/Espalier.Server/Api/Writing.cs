using System.Text;
using System.Threading.Channels;
using Espalier.Models;
using Espalier.Server.Batching;

namespace Espalier.Server.Api;

/// <summary>Texts written: OpenAI's <c>/v1/chat/completions</c> and <c>/v1/completions</c>, whole or as a stream of events.</summary>
sealed class Writing(IReadOnlyList<ServedModel> models, Naming naming)
{
    public async Task Chat(Call call) =>
        await Answer(
            call,
            WritingRequest.OfChat(await RequestBody.Read(call.Context, call.Left), models),
            new ChatForm()
        );

    public async Task Complete(Call call) =>
        await Answer(
            call,
            WritingRequest.OfText(await RequestBody.Read(call.Context, call.Left), models),
            new TextForm()
        );

    Task Answer<TChoice>(Call call, WritingRequest request, CompletionForm<TChoice> form)
    {
        Channel<TextPiece> pieces = Channel.CreateUnbounded<TextPiece>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
        );
        TextJob[] jobs = new TextJob[request.Prompts.Count * request.Times];
        for (int i = 0; i < jobs.Length; i++)
        {
            int[] prompt = request.Prompts[i / request.Times];
            ulong seed = request.HasSeed
                ? request.Sampling.Seed + (ulong)(i % request.Times)
                : naming.Seed;
            jobs[i] = new TextJob(
                i,
                prompt,
                request.Sampling with
                {
                    Seed = seed,
                    MaxTokens = request.MostTokens(prompt),
                },
                request.Stops,
                request.Scores,
                pieces.Writer
            )
            {
                Arrived = call.Began,
                Left = call.Left,
            };
        }

        request.Model.Write(jobs);
        Completion<TChoice> head = new(
            naming.Next(form.Kind),
            request.Streams ? form.ChunkObject : form.Object,
            naming.Now,
            request.Model.Name,
            [],
            null
        );
        return request.Streams
            ? new EventStream<TChoice>(call, request, form, head).Send(pieces.Reader, jobs.Length)
            : Whole(call, request, form, head, pieces.Reader, jobs.Length);
    }

    static async Task Whole<TChoice>(
        Call call,
        WritingRequest request,
        CompletionForm<TChoice> form,
        Completion<TChoice> head,
        ChannelReader<TextPiece> pieces,
        int texts
    )
    {
        StringBuilder[] written = [.. Enumerable.Range(0, texts).Select(_ => new StringBuilder())];
        List<TokenScore>?[] scores = new List<TokenScore>?[texts];
        TChoice[] choices = new TChoice[texts];
        int tokens = 0;
        for (int open = texts; open > 0 && await pieces.WaitToReadAsync(call.Left); )
        {
            pieces.TryRead(out TextPiece piece);
            int i = piece.Index;
            written[i].Append(piece.Text);
            if (piece.Scores is { } more)
            {
                (scores[i] ??= []).AddRange(more);
            }

            if (piece.End != EndReason.None)
            {
                open--;
                tokens += piece.Tokens;
                choices[i] = form.Whole(
                    i,
                    written[i].ToString(),
                    request.Scores is null ? null : scores[i] ?? [],
                    piece.End,
                    request.Model.Model.Tokenizer
                );
            }
        }

        await call.Answer(
            head with
            {
                Choices = choices,
                Usage = UsageOf(request, tokens),
            },
            form.Type
        );
    }

    public static Usage UsageOf(WritingRequest request, int tokens) =>
        new(request.Prompts.Sum(p => p.Length), tokens);
}
