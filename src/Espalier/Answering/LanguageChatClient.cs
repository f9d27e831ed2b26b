using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Espalier.Models;
using Microsoft.Extensions.AI;
using Said = Espalier.Text.Chat.ChatMessage;

namespace Espalier.Answering;

/// <summary>
/// A language model behind the interface that .NET programs talk to chat models with: <c>new LanguageChatClient(LanguageModel.Load("…"))</c>.
/// Text alone: tools and pictures are refused. Dispose it to dispose the model.
/// </summary>
public sealed class LanguageChatClient(LanguageModel model) : IChatClient
{
    readonly string _name = Path.GetFileName(model.Folder);
    long _streams;

    /// <exception cref="InvalidDataException">The model has no chat template, the messages are longer than its context, or an option has no form here.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        WrittenText written = await Answer(messages, options, null, cancellationToken)
            .ConfigureAwait(false);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, written.Text))
        {
            ModelId = _name,
            FinishReason = Reason(written),
            Usage = Usage(written),
        };
    }

    /// <summary>The text in pieces as it comes; the last has the reason for the end and the counts of tokens.</summary>
    /// <inheritdoc cref="GetResponseAsync"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        string id = $"stream-{Interlocked.Increment(ref _streams)}";
        Channel<string> pieces = Channel.CreateUnbounded<string>();

        // Whoever stops listening ends the writing.
        using CancellationTokenSource heard = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken
        );
        Task<WrittenText> writing = Answer(
            messages,
            options,
            piece => pieces.Writer.TryWrite(piece),
            heard.Token
        );
        _ = writing.ContinueWith(
            _ => pieces.Writer.Complete(),
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default
        );
        try
        {
            await foreach (
                string piece in pieces
                    .Reader.ReadAllAsync(CancellationToken.None)
                    .ConfigureAwait(false)
            )
            {
                yield return Update([new TextContent(piece)]);
            }

            WrittenText written = await writing.ConfigureAwait(false);
            ChatResponseUpdate end = Update([new UsageContent(Usage(written))]);
            end.FinishReason = Reason(written);
            yield return end;
        }
        finally
        {
            await heard.CancelAsync().ConfigureAwait(false);
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ChatResponseUpdate Update(IList<AIContent> contents) =>
            new(ChatRole.Assistant, contents)
            {
                ModelId = _name,
                ResponseId = id,
                MessageId = id,
            };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata)
            ? new ChatClientMetadata("espalier", defaultModelId: _name)
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(model) ? model
        : null;

    public void Dispose() => model.Dispose();

    Task<WrittenText> Answer(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        Action<string>? write,
        CancellationToken stop
    )
    {
        Said[] said =
        [
            .. options?.Instructions is { Length: > 0 } first
                ? [new Said("system", first)]
                : Array.Empty<Said>(),
            .. messages.Select(Text),
        ];
        if (options?.Tools is { Count: > 0 })
        {
            throw new InvalidDataException(
                "Tools have no form here: the model answers in text; leave ChatOptions.Tools out."
            );
        }

        SamplingOptions sampling = Sampling(options);
        string[] stops = [.. options?.StopSequences ?? []];
        return Task.Run(() => model.Chat(said, sampling, stops, write, stop), stop);
    }

    static Said Text(ChatMessage message) =>
        message.Contents.FirstOrDefault(c => c is not TextContent) is { } other
            ? throw new InvalidDataException(
                $"A message of the {message.Role} has {other.GetType().Name}; the model reads text alone."
            )
            : new Said(message.Role.Value, message.Text);

    static SamplingOptions Sampling(ChatOptions? options)
    {
        SamplingOptions plain = new();
        return plain with
        {
            MaxTokens = options?.MaxOutputTokens ?? plain.MaxTokens,
            Temperature = options?.Temperature ?? plain.Temperature,
            TopP = options?.TopP ?? plain.TopP,
            TopK = options?.TopK ?? plain.TopK,
            Seed = options?.Seed is { } seed ? (ulong)seed : plain.Seed,
        };
    }

    static ChatFinishReason Reason(WrittenText written) =>
        written.End is EndReason.MaxTokens or EndReason.Context
            ? ChatFinishReason.Length
            : ChatFinishReason.Stop;

    static UsageDetails Usage(WrittenText written) =>
        new()
        {
            InputTokenCount = written.PromptTokens,
            OutputTokenCount = written.Tokens,
            TotalTokenCount = written.PromptTokens + written.Tokens,
        };
}
