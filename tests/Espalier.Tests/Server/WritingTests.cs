using System.ClientModel;
using System.Text;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tests.Models;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Espalier.Tests.Server;

/// <summary>Texts written, mostly asked for by OpenAI's own client.</summary>
[Trait("tier", "golden")]
public sealed class WritingTests
{
    static OpenAIClient Client(Serving serving) =>
        new(
            new ApiKeyCredential("any"),
            new OpenAIClientOptions { Endpoint = new Uri(serving.Address, "v1") }
        );

    static WrittenText Direct(
        Serving serving,
        string message,
        SamplingOptions sampling,
        params string[] stops
    )
    {
        using LanguageModel model = LanguageModel.Load(serving.WriterFolder);
        return model.Chat([new("user", message)], sampling, stops);
    }

    [Fact]
    public async Task OpenAIs_client_gets_the_text_that_the_model_writes_alone()
    {
        await using Serving serving = await Serving.Start();
        ChatClient chat = Client(serving).GetChatClient("writer");
        WrittenText expected = Direct(serving, "Hi", new() { MaxTokens = 20 });

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage("Hi")],
            new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 20 },
            Serving.Stop
        );

        Assert.Equal(expected.Text, answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal("writer", answer.Model);
        Assert.Equal(
            (expected.PromptTokens, expected.Tokens),
            (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount)
        );
    }

    [Fact]
    public async Task A_refusal_says_the_models_name_and_not_where_it_lies()
    {
        await using Serving serving = await Serving.Start();
        string sentence = await serving.Refused(
            400,
            "/v1/completions",
            new { model = "writer", prompt = new string('a', 2 * ToyWriter.Context) }
        );
        Assert.Contains("the context of the model in writer holds", sentence);
        Assert.DoesNotContain(Path.GetDirectoryName(serving.WriterFolder)!, sentence);
    }

    [Fact]
    public async Task A_stream_brings_the_same_text_in_pieces_and_then_its_tokens()
    {
        await using Serving serving = await Serving.Start();
        ChatClient chat = Client(serving).GetChatClient("writer");
        WrittenText expected = Direct(serving, "Tell", new() { MaxTokens = 24 });

        StringBuilder text = new();
        ChatFinishReason? finish = null;
        int? tokens = null,
            pieces = 0;
        await foreach (
            StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
                [new UserChatMessage("Tell")],
                new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 24 },
                Serving.Stop
            )
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
            {
                text.Append(part.Text);
                pieces++;
            }

            finish = update.FinishReason ?? finish;
            tokens = update.Usage?.OutputTokenCount ?? tokens;
        }

        Assert.Equal(expected.Text, text.ToString());
        Assert.Equal(ChatFinishReason.Length, finish);
        Assert.Equal(expected.Tokens, tokens);
        Assert.True(pieces > 4, $"{pieces} pieces");
    }

    [Fact]
    public async Task A_seed_and_a_stop_string_do_what_they_do_without_a_server()
    {
        await using Serving serving = await Serving.Start();
        ChatClient chat = Client(serving).GetChatClient("writer");
        SamplingOptions sampling = new()
        {
            Temperature = 1.2f,
            TopP = 0.9f,
            Seed = 5,
            MaxTokens = 30,
        };
        string whole = Direct(serving, "Hi", sampling).Text,
            stop = whole.Substring(4, 2);

        ChatCompletionOptions options = new()
        {
            Temperature = 1.2f,
            TopP = 0.9f,
            MaxOutputTokenCount = 30,
            StopSequences = { stop },
        };
#pragma warning disable OPENAI001 // the seed is a promise that OpenAI is not sure of
        options.Seed = 5;
#pragma warning restore OPENAI001
        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage("Hi")],
            options,
            Serving.Stop
        );

        Assert.Equal(
            whole[..whole.IndexOf(stop, StringComparison.Ordinal)],
            answer.Content.Count == 0 ? "" : answer.Content[0].Text
        );
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task Scores_of_tokens_are_those_of_the_model()
    {
        await using Serving serving = await Serving.Start();
        ChatClient chat = Client(serving).GetChatClient("writer");

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage("Hi")],
            new ChatCompletionOptions
            {
                Temperature = 0,
                MaxOutputTokenCount = 5,
                IncludeLogProbabilities = true,
                TopLogProbabilityCount = 3,
            },
            Serving.Stop
        );

        Assert.Equal(5, answer.ContentTokenLogProbabilities.Count);
        foreach (ChatTokenLogProbabilityDetails token in answer.ContentTokenLogProbabilities)
        {
            // The likeliest is taken.
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.Equal(token.LogProbability, token.TopLogProbabilities[0].LogProbability);
            Assert.True(token.LogProbability < 0);
        }

        using LanguageModel model = LanguageModel.Load(serving.WriterFolder);
        int[] prompt = model.Prompt([new("user", "Hi")]);
        LanguageSession session = new(model.Packed, model.Workers);
        Past past = session.Begin();
        float[] logits = [.. session.Step([past], prompt, [prompt.Length]).Row(0)];
        double all = Math.Log(logits.Sum(z => Math.Exp(z)));
        Assert.Equal(
            logits.Max() - all,
            answer.ContentTokenLogProbabilities[0].LogProbability,
            1e-4
        );
    }

    [Fact]
    public async Task Many_texts_at_once_are_each_what_they_are_alone()
    {
        await using Serving serving = await Serving.Start();
        string[] prompts =
        [
            .. Enumerable.Range(0, 60).Select(i => new string((char)('a' + i % 26), 1 + i % 40)),
        ];
        using LanguageModel model = LanguageModel.Load(serving.WriterFolder);
        string[] expected =
        [
            .. prompts.Select((p, i) => model.Generate(p, new() { MaxTokens = 1 + i % 17 }).Text),
        ];

        JsonElement[] answers = await Task.WhenAll(
            prompts.Select(
                (p, i) =>
                    serving.Ask(
                        "/v1/completions",
                        new
                        {
                            model = "writer",
                            prompt = p,
                            temperature = 0,
                            max_tokens = 1 + i % 17,
                        }
                    )
            )
        );

        Assert.Equal(
            expected,
            answers.Select(a => a.GetProperty("choices")[0].GetProperty("text").GetString())
        );
        string sizes = (await serving.Metrics())
            .Split('\n')
            .Single(l => l.StartsWith("espalier_batch_size_bucket{model=\"writer\",le=\"1\"}"));
        string steps = (await serving.Metrics())
            .Split('\n')
            .Single(l => l.StartsWith("espalier_batch_size_count{model=\"writer\"}"));
        Assert.NotEqual(sizes.Split(' ')[^1], steps.Split(' ')[^1]);
        await serving.Empty();
    }

    [Fact]
    public async Task The_older_completions_take_several_prompts_and_token_ids()
    {
        await using Serving serving = await Serving.Start();
        using LanguageModel model = LanguageModel.Load(serving.WriterFolder);
        JsonElement answer = await serving.Ask(
            "/v1/completions",
            new
            {
                model = "writer",
                prompt = new[] { "A tale", "Once" },
                temperature = 0,
                n = 2,
                logprobs = 2,
            }
        );
        string[] texts =
        [
            .. answer
                .GetProperty("choices")
                .EnumerateArray()
                .Select(c => c.GetProperty("text").GetString()!),
        ];
        string first = model.Generate("A tale", new() { MaxTokens = 16 }, stop: Serving.Stop).Text,
            second = model.Generate("Once", new() { MaxTokens = 16 }, stop: Serving.Stop).Text;
        Assert.Equal([first, first, second, second], texts);
        Assert.Equal(64, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(
            16,
            answer
                .GetProperty("choices")[0]
                .GetProperty("logprobs")
                .GetProperty("token_logprobs")
                .GetArrayLength()
        );

        JsonElement ids = await serving.Ask(
            "/v1/completions",
            new { prompt = model.Prompt("A tale"), temperature = 0 }
        );
        Assert.Equal(first, ids.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task The_models_are_listed_and_one_that_is_not_there_is_not_found()
    {
        await using Serving serving = await Serving.Start();
        OpenAIModelClient models = Client(serving).GetOpenAIModelClient();
        OpenAIModelCollection all = await models.GetModelsAsync(Serving.Stop);
        Assert.Equal(["toy", "writer"], all.Select(m => m.Id));
        OpenAIModel one = await models.GetModelAsync("toy", Serving.Stop);
        Assert.Equal("espalier", one.OwnedBy);
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() =>
            models.GetModelAsync("gpt", Serving.Stop)
        );
        Assert.Equal(404, missing.Status);
    }

    [Theory]
    [InlineData("{\"messages\": []}", "at least one message")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}], \"temperature\": 3}", "'temperature' is 3")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}], \"top_p\": 0}", "top-p is 0")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}], \"tools\": [{}]}", "'tools' is not done")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}], \"stop\": [\"\"]}", "'stop'")]
    [InlineData(
        "{\"messages\": [{\"role\": \"user\"}], \"effort\": \"exit:1\"}",
        "'effort' is not done"
    )]
    [InlineData(
        "{\"messages\": [{\"role\": \"user\"}], \"model\": \"toy\"}",
        "toy is not a model that writes"
    )]
    [InlineData(
        "{\"messages\": [{\"role\": \"user\"}], \"response_format\": {\"type\": \"json_object\"}}",
        "'response_format.type'"
    )]
    [InlineData(
        "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
        "text, which is all"
    )]
    [InlineData(
        "{\"messages\": [{\"role\": \"user\", \"content\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}]}",
        "shorten it"
    )]
    public async Task What_cannot_be_written_is_refused_by_its_field(string body, string expected)
    {
        await using Serving serving = await Serving.Start();
        Assert.Contains(
            expected,
            await serving.Refused(400, "/v1/chat/completions", JsonDocument.Parse(body).RootElement)
        );
        Assert.Empty(serving.Told);
    }
}
