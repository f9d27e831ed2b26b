using Espalier.Answering;
using Espalier.Models;
using Espalier.Tests.Models;
using Microsoft.Extensions.AI;
using Said = Espalier.Text.Chat.ChatMessage;

namespace Espalier.Tests.Answering;

/// <summary>A language model behind Microsoft.Extensions.AI's interface.</summary>
[Trait("tier", "golden")]
public sealed class LanguageChatClientTests : IDisposable
{
    const string Template =
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[assistant]";
    readonly ToyWriter _toy = new(Template);
    readonly LanguageChatClient _client;
    readonly LanguageModel _model;

    static readonly ChatOptions Options = new()
    {
        MaxOutputTokens = 12,
        Temperature = 0.9f,
        Seed = 5,
        Instructions = "Short.",
    };

    public LanguageChatClientTests()
    {
        _model = LanguageModel.Load(_toy.Folder, threads: 1);
        _client = new LanguageChatClient(_model);
    }

    public void Dispose()
    {
        _client.Dispose();
        _toy.Dispose();
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    WrittenText Direct() =>
        _model.Chat(
            [new Said("system", "Short."), new Said("user", "Hello?")],
            new SamplingOptions
            {
                MaxTokens = 12,
                Temperature = 0.9f,
                Seed = 5,
            }
        );

    [Fact]
    public async Task It_answers_what_the_model_answers_and_counts_tokens()
    {
        ChatResponse answer = await _client.GetResponseAsync("Hello?", Options, Stop);
        WrittenText direct = Direct();
        Assert.Equal(direct.Text, answer.Text);
        Assert.Equal(direct.PromptTokens, answer.Usage!.InputTokenCount);
        Assert.Equal(direct.Tokens, answer.Usage.OutputTokenCount);
        Assert.Equal(
            direct.End == EndReason.MaxTokens ? ChatFinishReason.Length : ChatFinishReason.Stop,
            answer.FinishReason
        );
    }

    [Fact]
    public async Task The_pieces_of_a_stream_are_the_whole_answer()
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (
            ChatResponseUpdate update in _client.GetStreamingResponseAsync("Hello?", Options, Stop)
        )
        {
            updates.Add(update);
        }

        ChatResponse whole = updates.ToChatResponse();
        Assert.True(updates.Count > 2, $"{updates.Count} updates");
        Assert.Equal(Direct().Text, whole.Text);
        Assert.Equal(Direct().Tokens, whole.Usage!.OutputTokenCount);
        Assert.NotNull(whole.FinishReason);
    }

    [Fact]
    public async Task Who_stops_listening_frees_the_model()
    {
        await foreach (var _ in _client.GetStreamingResponseAsync("Hello?", Options, Stop))
        {
            break;
        }

        Assert.Equal(Direct().Text, (await _client.GetResponseAsync("Hello?", Options, Stop)).Text);
    }

    [Fact]
    public async Task What_is_no_text_is_refused_by_name()
    {
        ChatOptions tools = new() { Tools = [AIFunctionFactory.Create(() => 1, "one")] };
        Assert.Contains(
            "Tools",
            (
                await Assert.ThrowsAsync<InvalidDataException>(() =>
                    _client.GetResponseAsync("Hello?", tools, Stop)
                )
            ).Message
        );
        ChatMessage picture = new(
            ChatRole.User,
            [new UriContent("https://example.org/a.png", "image/png")]
        );
        Assert.Contains(
            "UriContent",
            (
                await Assert.ThrowsAsync<InvalidDataException>(() =>
                    _client.GetResponseAsync([picture], null, Stop)
                )
            ).Message
        );
    }

    [Fact]
    public void It_says_what_it_is()
    {
        Assert.Same(_model, _client.GetService(typeof(LanguageModel)));
        Assert.Same(_client, _client.GetService(typeof(IChatClient)));
        Assert.Equal(
            "espalier",
            ((ChatClientMetadata)_client.GetService(typeof(ChatClientMetadata))!).ProviderName
        );
    }
}
