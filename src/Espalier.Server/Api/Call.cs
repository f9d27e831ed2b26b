using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Espalier.Server.Api;

/// <summary>One request on its way: how long it may take, and how it is answered.</summary>
sealed class Call : IDisposable
{
    readonly CancellationTokenSource _over;
    readonly ServerOptions _options;

    /// <param name="stop">The server gives up whatever still runs.</param>
    public Call(HttpContext context, ServerOptions options, CancellationToken stop)
    {
        (Context, _options, Began) = (context, options, options.Time.GetTimestamp());
        _over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        _over.CancelAfter(options.TimeLimit);
    }

    public HttpContext Context { get; }

    public long Began { get; }

    public TimeSpan Elapsed => _options.Time.GetElapsedTime(Began);

    /// <summary>The client left, or its time is over.</summary>
    public CancellationToken Left => _over.Token;

    // What is there in time is sent whole, however long that takes.
    public Task Answer<T>(T body, JsonTypeInfo<T> type)
    {
        Left.ThrowIfCancellationRequested();
        Context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(
            Context.Response.Body,
            body,
            type,
            Context.RequestAborted
        );
    }

    public Task Text(string text, string type = "text/plain; charset=utf-8")
    {
        Left.ThrowIfCancellationRequested();
        Context.Response.ContentType = type;
        return Context.Response.WriteAsync(text, Context.RequestAborted);
    }

    /// <summary>A sentence in the form that the clients of this path read.</summary>
    public Task Refuse(Refusal refusal)
    {
        HttpResponse response = Context.Response;
        response.StatusCode = refusal.Status;
        if (refusal.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = $"{seconds}";
        }

        if (refusal.Status == 401)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        response.ContentType = "application/json";
        return Context.Request.Path == Predicting.Path || Context.Request.Path == Embedding.Path
            ? JsonSerializer.SerializeAsync(
                response.Body,
                new EmbeddingsError(refusal.Message, refusal.EmbeddingsType),
                Wire.Default.EmbeddingsError
            )
            : JsonSerializer.SerializeAsync(
                response.Body,
                OpenAi(refusal),
                Wire.Default.OpenAiError
            );
    }

    public Refusal TooLate() =>
        new(
            504,
            $"The answer was not there within {_options.TimeLimit.TotalSeconds:0} seconds; ask for less, or when fewer ask."
        );

    public static OpenAiError OpenAi(Refusal refusal) =>
        new(new ErrorBody(refusal.Message, refusal.OpenAiType, null, refusal.Code));

    /// <summary>What of it still waits or runs is asked for by nobody any more.</summary>
    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
    }
}
