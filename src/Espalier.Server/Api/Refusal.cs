namespace Espalier.Server.Api;

/// <summary>A request that is not answered, with the reason in one sentence.</summary>
/// <param name="status">Of HTTP.</param>
sealed class Refusal(int status, string sentence) : Exception(sentence)
{
    public int Status => status;

    /// <summary>Seconds behind which it is worth to ask again; null: asking again changes nothing.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>OpenAI's word for what is wrong, where it has one.</summary>
    public string? Code { get; init; }

    /// <summary>In OpenAI's words.</summary>
    public string OpenAiType =>
        status switch
        {
            401 or 403 => "authentication_error",
            429 => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };

    /// <summary>In the words of Text Embeddings Inference.</summary>
    public string EmbeddingsType =>
        status switch
        {
            429 => "overloaded",
            503 => "unhealthy",
            >= 500 => "backend",
            _ => "validation",
        };
}
