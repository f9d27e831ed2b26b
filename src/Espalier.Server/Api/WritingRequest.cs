using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Server.Batching;
using Espalier.Text.Chat;

namespace Espalier.Server.Api;

/// <summary>What a request wants to have written, checked.</summary>
/// <param name="Prompts">Token ids; each is gone on from <paramref name="Times"/> times.</param>
/// <param name="Scores">How many of the likeliest tokens are told beside each; null: no scores are.</param>
/// <param name="TellsUsage">A stream ends with the number of its tokens.</param>
sealed record WritingRequest(
    ServedWriter Model,
    IReadOnlyList<int[]> Prompts,
    int Times,
    SamplingOptions Sampling,
    IReadOnlyList<string> Stops,
    int? Scores,
    bool Streams,
    bool TellsUsage
)
{
    const string Does = "writes texts";
    const int MostTimes = 8;
    const int MostStops = 16;

    // OpenAI's, when a request of the older completions does not say.
    const int UsualTokens = 16;

    // What would change the answer and is not done must not be passed over.
    static readonly string[] NotDone =
    [
        "tools",
        "functions",
        "logit_bias",
        "audio",
        "prediction",
        "best_of",
        "echo",
        "suffix",
        "presence_penalty",
        "frequency_penalty",
        "effort",
    ];

    public static WritingRequest OfChat(JsonFields fields, IReadOnlyList<ServedModel> models)
    {
        ServedWriter model = fields.Model<ServedWriter>(models, Does);
        IReadOnlyList<JsonFields> messages = fields.Objects("messages");
        if (messages.Count == 0)
        {
            throw fields.Refuse("messages", "at least one message");
        }

        int[] prompt = model.Model.Prompt([.. messages.Select(Message)]);
        bool scores = fields.OptionalFlag("logprobs") ?? false;
        int top = fields.OptionalInteger("top_logprobs", 0, 20) ?? 0;
        int? most =
            fields.OptionalInteger("max_completion_tokens", 1, 1 << 24)
            ?? fields.OptionalInteger("max_tokens", 1, 1 << 24);
        return Of(fields, model, [prompt], most ?? int.MaxValue, scores ? top : null);
    }

    public static WritingRequest OfText(JsonFields fields, IReadOnlyList<ServedModel> models)
    {
        ServedWriter model = fields.Model<ServedWriter>(models, Does);
        IReadOnlyList<int[]> prompts = PromptsOf(fields, model);
        RequestBody.CheckCount(prompts.Count);
        return Of(
            fields,
            model,
            prompts,
            fields.OptionalInteger("max_tokens", 1, 1 << 24) ?? UsualTokens,
            fields.OptionalInteger("logprobs", 0, 20)
        );
    }

    static WritingRequest Of(
        JsonFields fields,
        ServedWriter model,
        IReadOnlyList<int[]> prompts,
        int most,
        int? scores
    )
    {
        foreach (string field in NotDone)
        {
            if (fields.Optional(field) is { } value && !IsNothing(value))
            {
                throw new Refusal(
                    400,
                    $"The request: '{field}' is not done by {model.Name}; leave it out."
                );
            }
        }

        if (
            fields.OptionalObject("response_format") is { } format
            && format.OptionalString("type") is { } type
            && type != "text"
        )
        {
            throw format.Refuse("type", "text, which is all that is written here,");
        }

        SamplingOptions sampling = new()
        {
            Temperature = fields.OptionalNumber("temperature", 0, 2) ?? 1,
            TopP = fields.OptionalNumber("top_p", 0, 1) ?? 1,
            TopK = fields.OptionalInteger("top_k", 0, 1 << 24) ?? 0,
            MinP = fields.OptionalNumber("min_p", 0, 1) ?? 0,
            RepetitionPenalty = fields.OptionalNumber("repetition_penalty", 0.01, 100) ?? 1,
            Seed = (ulong)(fields.OptionalLong("seed", long.MinValue, long.MaxValue) ?? 0),
            MaxTokens = most,
        };
        if (sampling.Problem is { } problem)
        {
            throw new Refusal(400, $"The request: {problem}.");
        }

        return new WritingRequest(
            model,
            prompts,
            fields.OptionalInteger("n", 1, MostTimes) ?? 1,
            sampling,
            StopsOf(fields),
            scores,
            fields.OptionalFlag("stream") ?? false,
            fields.OptionalObject("stream_options")?.OptionalFlag("include_usage") ?? false
        )
        {
            HasSeed = fields.Has("seed"),
        };
    }

    /// <summary>Whether the request names its seed.</summary>
    public bool HasSeed { get; private init; }

    /// <summary>As much as was asked for, or as the model's context has room for; nobody reads the last token.</summary>
    public int MostTokens(int[] prompt) =>
        Math.Min(Sampling.MaxTokens, Model.Model.Config.MaxLength - prompt.Length + 1);

    static bool IsNothing(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.False => true,
            JsonValueKind.Number => value.TryGetDouble(out double number) && number == 0,
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.EnumerateObject().Any(),
            JsonValueKind.String => value.GetString()!.Length == 0,
            _ => false,
        };

    static ChatMessage Message(JsonFields message)
    {
        string role = message.String("role");
        return new ChatMessage(
            role == "developer" ? "system" : role,
            message.Optional("content") switch
            {
                null => "",
                { ValueKind: JsonValueKind.String } => message.String("content"),
                _ => string.Concat(message.Objects("content").Select(Part)),
            }
        );
    }

    static string Part(JsonFields part) =>
        part.String("type") == "text"
            ? part.String("text")
            : throw part.Refuse("type", "text, which is all that is read here,");

    static IReadOnlyList<int[]> PromptsOf(JsonFields fields, ServedWriter model)
    {
        JsonElement prompt = fields.Required("prompt", "a text, or token ids");
        JsonValueKind of =
            prompt.ValueKind == JsonValueKind.Array && prompt.GetArrayLength() > 0
                ? prompt[0].ValueKind
                : JsonValueKind.Undefined;
        return of == JsonValueKind.Number
            ? [Checked([.. fields.Integers("prompt", 0, model.Model.Config.Vocabulary - 1)], model)]
            : [.. fields.TextOrTexts("prompt", out _).Select(model.Model.Prompt)];
    }

    static int[] Checked(int[] prompt, ServedWriter model) =>
        prompt.Length <= model.Model.Config.MaxLength
            ? prompt
            : throw new Refusal(
                400,
                $"The prompt is {prompt.Length} tokens long, and the context of {model.Name} holds {model.Model.Config.MaxLength}; shorten it."
            )
            {
                Code = "context_length_exceeded",
            };

    static IReadOnlyList<string> StopsOf(JsonFields fields)
    {
        if (!fields.Has("stop"))
        {
            return [];
        }

        IReadOnlyList<string> stops = fields.TextOrTexts("stop", out _);
        return stops.Count <= MostStops && !stops.Contains("")
            ? stops
            : throw fields.Refuse("stop", $"at most {MostStops} texts, none of them empty,");
    }
}
