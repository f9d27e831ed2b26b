using System.Text.Json;
using System.Text.Json.Serialization;

namespace Espalier.Server.Api;

// What goes over the wire: OpenAI's names, and those of Text Embeddings Inference where its clients read them.

sealed record ErrorBody(string Message, string Type, string? Param, string? Code);

sealed record OpenAiError(ErrorBody Error);

sealed record EmbeddingsError(string Error, string ErrorType);

sealed record Listed(string Id, long Created, string OwnedBy = "espalier")
{
    public string Object { get; } = "model";
}

sealed record ModelList(IReadOnlyList<Listed> Data)
{
    public string Object { get; } = "list";
}

sealed record Usage(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;
}

/// <summary>A class of <c>/predict</c>.</summary>
sealed record Scored(float Score, string Label);

/// <summary>A text of <c>/v1/classify</c>.</summary>
/// <param name="Exit">Behind which layer the answering classifier stands, counted from 1.</param>
sealed record ClassifiedText(
    int Index,
    string? Label,
    float? Score,
    IReadOnlyList<float> Probs,
    int NumClasses,
    int Exit,
    int Layers,
    string Effort
);

sealed record Classification(
    string Id,
    long Created,
    string Model,
    IReadOnlyList<ClassifiedText> Data,
    Usage Usage
)
{
    public string Object { get; } = "list";
}

/// <param name="Embedding">Numbers, or their bytes in base 64.</param>
sealed record EmbeddedText(int Index, JsonElement Embedding)
{
    public string Object { get; } = "embedding";
}

sealed record EmbeddingList(IReadOnlyList<EmbeddedText> Data, string Model, Usage Usage)
{
    public string Object { get; } = "list";
}

sealed record Message(string Role, string Content);

/// <summary>What a chunk adds to a message.</summary>
sealed record Delta(string? Role, string? Content);

sealed record LikelyToken(string Token, double Logprob, IReadOnlyList<int> Bytes);

sealed record ScoredToken(
    string Token,
    double Logprob,
    IReadOnlyList<int> Bytes,
    IReadOnlyList<LikelyToken> TopLogprobs
);

sealed record ChatScores(IReadOnlyList<ScoredToken> Content);

/// <summary>Scores in the form of the older completions.</summary>
sealed record TextScores(
    IReadOnlyList<string> Tokens,
    IReadOnlyList<double> TokenLogprobs,
    IReadOnlyList<Dictionary<string, double>> TopLogprobs
);

sealed record ChatChoice(
    int Index,
    Message? Message,
    Delta? Delta,
    ChatScores? Logprobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason
);

sealed record TextChoice(
    int Index,
    string Text,
    TextScores? Logprobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason
);

/// <summary>An answer, or a chunk of one.</summary>
sealed record Completion<TChoice>(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<TChoice> Choices,
    Usage? Usage
);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(OpenAiError))]
[JsonSerializable(typeof(EmbeddingsError))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(Listed))]
[JsonSerializable(typeof(IReadOnlyList<Scored>))]
[JsonSerializable(typeof(IReadOnlyList<IReadOnlyList<Scored>>))]
[JsonSerializable(typeof(Classification))]
[JsonSerializable(typeof(EmbeddingList))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(float[]))]
[JsonSerializable(typeof(IReadOnlyList<float[]>))]
[JsonSerializable(typeof(Completion<ChatChoice>))]
[JsonSerializable(typeof(Completion<TextChoice>))]
sealed partial class Wire : JsonSerializerContext;
