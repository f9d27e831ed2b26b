using System.Text.RegularExpressions;
using Espalier.Server.Api;
using Espalier.Server.Batching;
using Espalier.Server.Figures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Espalier.Server;

/// <summary>
/// Models behind HTTP. It reads no file and no setting but those it is given, and answers the paths of <see cref="Map"/> alone.
/// Dispose it to end it at once; <see cref="Stop"/> lets what runs come to its end.
/// </summary>
public sealed class ModelServer : IAsyncDisposable
{
    const int MostConnections = 2048;

    // Of what is given up, the answers that say so may still be sent.
    static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);

    // In the figures alone; nginx calls it so.
    const int ClientLeft = 499;

    readonly ServerOptions _options;
    readonly IReadOnlyList<ServedModel> _models;
    readonly ServerFigures _figures;
    readonly PrometheusText _text;
    IDisposable? _collector;
    readonly Gate _gate;
    readonly WebApplication _app;
    readonly CancellationTokenSource _giveUp = new();
    volatile bool _ready;
    bool _disposed;

    ModelServer(ServerOptions options, IReadOnlyList<ServedModel> models)
    {
        (_options, _models, _gate) = (options, models, new Gate(options));
        _figures = new ServerFigures(models);
        _text = new PrometheusText(_figures.Meter);
        _app = Listening.On(options.Address, options.Port, Limit);
        Map();
    }

    /// <summary>What clients call, such as <c>http://127.0.0.1:8080</c>.</summary>
    public Uri Address { get; private set; } = null!;

    /// <param name="models">Belong to the server from now on.</param>
    /// <exception cref="ArgumentException">An option cannot be, there is no model, or two have one name.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ModelServer> Start(
        ServerOptions options,
        IReadOnlyList<ServedModel> models
    )
    {
        if (options.Problem is { } problem)
        {
            throw new ArgumentException($"The server cannot start: {problem}.");
        }

        if (models.Count == 0 || models.DistinctBy(m => m.Name).Count() < models.Count)
        {
            throw new ArgumentException(
                $"The server has {models.Count} models; at least one was expected, each under a name of its own."
            );
        }

        ModelServer server = new(options, models);
        try
        {
            foreach (ServedModel model in models)
            {
                model.Start(options, server._figures);
            }

            server._collector = options.Collects ? Collector.Begin() : null;
            await server._app.StartAsync();
            server.Address = Listening.AddressOf(server._app);
            server._ready = true;
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes no request on any more, and lets those that it has be answered, for so long; then gives them up.</summary>
    public async Task Stop(TimeSpan patience)
    {
        _ready = false;
        using CancellationTokenSource late = new(patience),
            cut = new();
        await using CancellationTokenRegistration giveUp = late.Token.Register(() =>
        {
            cut.CancelAfter(LastWords);
            _giveUp.Cancel();
        });
        await _app.StopAsync(cut.Token);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _giveUp.CancelAsync();
        await _app.DisposeAsync();

        // It reads the figures once more for their last values, those of the models among them.
        _collector?.Dispose();
        foreach (ServedModel model in _models)
        {
            model.Dispose();
        }

        _text.Dispose();
        _figures.Dispose();
        _giveUp.Dispose();
    }

    static void Limit(KestrelServerOptions kestrel)
    {
        // What is refused for its size is still taken from the wire up to here, so that the client hears why.
        kestrel.Limits.MaxRequestBodySize = 8 * RequestBody.MostBytes;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
    }

    void Map()
    {
        Naming naming = new(_options.Time);
        Predicting predicting = new(_models, naming);
        Embedding embedding = new(_models);
        Writing writing = new(_models, naming);
        Post(Predicting.Path, predicting.Predict);
        Post("/v1/classify", predicting.Classify);
        Post(Embedding.Path, embedding.Embed);
        Post("/v1/embeddings", embedding.OpenAi);
        Post("/v1/chat/completions", writing.Chat);
        Post("/v1/completions", writing.Complete);
        Get("/v1/models", call => call.Answer(Listed(naming), Wire.Default.ModelList));
        Get("/v1/models/{**id}", call => One(call, naming));
        Get("/metrics", call => call.Text($"{_text}", PrometheusText.ContentType));

        // Whoever watches the process has no key.
        _app.MapGet("/health", context => Handle(context, "/health", Healthy, guarded: false));
        _app.MapGet("/ready", context => Handle(context, "/ready", Ready, guarded: false));
        _app.MapFallback("{**path}", context => Handle(context, "other", Nowhere));
    }

    void Post(string path, Func<Call, Task> answer) =>
        _app.MapPost(path, context => Handle(context, path, answer));

    void Get(string path, Func<Call, Task> answer) =>
        _app.MapGet(path, context => Handle(context, path, answer));

    static Task Healthy(Call call) => call.Text("ok\n");

    Task Ready(Call call) =>
        _ready
            ? call.Text("ready\n")
            : throw new Refusal(503, "The server is stopping; ask another.");

    static Task Nowhere(Call call) =>
        throw new Refusal(
            404,
            "There is nothing at this path by this method; POST /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/classify, /predict or /embed, and GET /v1/models, /metrics, /health and /ready are there."
        );

    ModelList Listed(Naming naming) => new([.. _models.Select(m => Of(m, naming))]);

    static Listed Of(ServedModel model, Naming naming) => new(model.Name, naming.Began);

    Task One(Call call, Naming naming)
    {
        string? id = call.Context.Request.RouteValues["id"] as string;
        return _models.FirstOrDefault(m => m.Name == id) is { } model
            ? call.Answer(Of(model, naming), Wire.Default.Listed)
            : throw new Refusal(404, "There is no such model here; GET /v1/models lists them.")
            {
                Code = "model_not_found",
            };
    }

    /// <summary>Whatever goes wrong becomes one sentence and a status; a client that left gets nothing.</summary>
    async Task Handle(
        HttpContext context,
        string route,
        Func<Call, Task> answer,
        bool guarded = true
    )
    {
        using Call call = new(context, _options, _giveUp.Token);
        int? left = null;
        try
        {
            if (guarded)
            {
                _gate.Check(context.Request);
            }

            await answer(call);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            left = ClientLeft;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await call.Refuse(RefusalOf(e, call));
        }
        finally
        {
            _figures.Request(route, left ?? context.Response.StatusCode, call.Elapsed.TotalSeconds);
        }
    }

    Refusal RefusalOf(Exception failure, Call call)
    {
        switch (failure)
        {
            case Refusal refusal:
                return refusal;
            case OperationCanceledException when _giveUp.IsCancellationRequested:
                return new Refusal(503, "The server is stopping; ask another.");
            case OperationCanceledException:
                return call.TooLate();
            case Microsoft.AspNetCore.Http.BadHttpRequestException bad:
                return new Refusal(bad.StatusCode, $"The request cannot be read: {bad.Message}");
            case InvalidDataException or ArgumentException:
                return new Refusal(400, WithoutFolders(failure.Message));
            default:
                _options.Tell(
                    $"This is a bug in Espalier ({failure.GetType().Name}: {failure.Message})."
                );
                return new Refusal(
                    500,
                    "This is a bug in Espalier; the server's own output says more."
                );
        }
    }

    /// <summary>Sentences of the library name a model by its folder; clients know it by its name.</summary>
    string WithoutFolders(string sentence) =>
        _models.Aggregate(
            sentence,
            (text, model) =>
                Regex.Replace(
                    text,
                    $@"(?<!\w){Regex.Escape(model.Folder)}(?!\w)",
                    model.Name.Replace("$", "$$")
                )
        );
}
