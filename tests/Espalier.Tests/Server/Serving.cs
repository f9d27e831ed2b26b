using System.Text;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Server;
using Espalier.Server.Batching;
using Espalier.Tests.Cli;
using Espalier.Tests.Models;

namespace Espalier.Tests.Server;

/// <summary>A server in this process on a port that is free, with a classifier of three exits ("toy") and a writer of 64 tokens ("writer").</summary>
sealed class Serving : IAsyncDisposable
{
    const string Template =
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<me>{% endif %}";

    readonly ToyModels _toys = new();
    readonly ToyWriter _writer = new(Template);
    ServedModel[] _models = [];
    ModelServer? _server;
    string? _bare;
    string? _dropping;

    Serving() { }

    public string ClassifierFolder { get; private set; } = "";

    public string WriterFolder => _writer.Folder;

    public HttpClient Http { get; private set; } = null!;

    public Uri Address => _server!.Address;

    public List<string> Told { get; } = [];

    public ModelServer Server => _server!;

    /// <summary>The folder of an encoder that nobody fine-tuned, whose states are those of the golden bert.</summary>
    public string BareFolder => _bare ??= _toys.Bare();

    /// <summary>The folder of a classifier in which tokens leave on the way.</summary>
    public string DroppingFolder => _dropping ??= _toys.Dropping();

    public static async Task<Serving> Start(
        ServerOptions? options = null,
        Func<Serving, ServedModel[]>? others = null
    )
    {
        Serving serving = new();
        serving.ClassifierFolder = serving._toys.WithExits();
        serving._models =
        [
            new ServedClassifier(
                "toy",
                Classifier.Load(serving.ClassifierFolder, new() { Threads = 2 })
            ),
            new ServedWriter("writer", LanguageModel.Load(serving.WriterFolder, 2)),
            .. others?.Invoke(serving) ?? [],
        ];
        serving._server = await ModelServer.Start(
            (options ?? new ServerOptions()) with
            {
                Tell = serving.Told.Add,
            },
            serving._models
        );
        serving.Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 512 })
        {
            BaseAddress = serving.Address,
        };
        return serving;
    }

    public static StringContent Json(object body) =>
        new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    public Task<HttpResponseMessage> Post(string path, object body) =>
        Http.PostAsync(path, Json(body), Stop);

    /// <summary>The answer, which is none of an error.</summary>
    public async Task<JsonElement> Ask(string path, object body)
    {
        using HttpResponseMessage response = await Post(path, body);
        string text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The sentence of a refusal in OpenAI's form.</summary>
    public async Task<string> Refused(int status, string path, object body)
    {
        using HttpResponseMessage response = await Post(path, body);
        string text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        string sentence = JsonDocument
            .Parse(text)
            .RootElement.GetProperty("error")
            .GetProperty("message")
            .GetString()!;
        Assert.DoesNotContain('\n', sentence);
        return sentence;
    }

    public Task<string> Metrics() => Http.GetStringAsync("/metrics", Stop);

    /// <summary>Waits until nothing waits and nothing runs.</summary>
    public async Task Empty()
    {
        for (int attempt = 0; ; attempt++)
        {
            string[] busy =
            [
                .. _models
                    .Where(m => m.Waiting + m.Running > 0)
                    .Select(m => $"{m.Name}: {m.Waiting} wait, {m.Running} run"),
            ];
            if (busy.Length == 0)
            {
                return;
            }

            Assert.True(attempt < 12_000, string.Join('\n', busy));
            await Task.Delay(25, Stop);
        }
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _toys.Dispose();
        _writer.Dispose();
    }
}
