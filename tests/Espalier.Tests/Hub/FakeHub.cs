using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Espalier.Tests.Hub;

/// <summary>
/// The Hugging Face hub on loopback, in two hosts as in life: the hub itself, and the storage that it sends one to for large files.
/// It does as the real one does; a test may make it do otherwise.
/// </summary>
sealed class FakeHub : IAsyncDisposable
{
    public const string Token = "hf_a_token_of_a_test";

    readonly List<WebApplication> _hosts = [];
    readonly List<Asked> _asked = [];
    readonly List<(
        Func<HttpRequest, bool> Which,
        int Times,
        Func<HttpContext, Task> What
    )> _mischief = [];
    readonly Lock _turn = new();

    FakeHub() { }

    public Dictionary<string, FakeRepository> Repositories { get; } = [];

    /// <summary>Large files that were sent, by hash.</summary>
    public ConcurrentDictionary<string, byte[]> Stored { get; } = [];

    /// <summary>Bytes of a part that is sent; 0: files are sent whole.</summary>
    public int PartBytes { get; set; }

    public string Address { get; private set; } = "";

    public string Storage { get; private set; } = "";

    public IReadOnlyList<Asked> Asked
    {
        get
        {
            lock (_turn)
            {
                return [.. _asked];
            }
        }
    }

    public static async Task<FakeHub> Start()
    {
        FakeHub hub = new();
        hub.Address = await hub.Host(hub.Answer, isStorage: false);
        hub.Storage = await hub.Host(hub.Store, isStorage: true);
        return hub;
    }

    /// <param name="name">With datasets/ in front where it is one.</param>
    public FakeRepository Add(string name, string folder)
    {
        FakeRepository repository = Repositories[name] = new();
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            repository.Files[Path.GetRelativePath(folder, file).Replace('\\', '/')] =
                File.ReadAllBytes(file);
        }

        return repository;
    }

    /// <summary>The next requests of a kind get another answer.</summary>
    public void Instead(int times, Func<HttpRequest, bool> which, Func<HttpContext, Task> what) =>
        _mischief.Add((which, times, what));

    public void Instead(int times, string method, string end, Func<HttpContext, Task> what) =>
        Instead(times, r => r.Method == method && (r.Path.Value ?? "").EndsWith(end), what);

    public int Count(string method, string end) =>
        Asked.Count(a => a.Method == method && a.Path.EndsWith(end, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        foreach (WebApplication host in _hosts)
        {
            await host.StopAsync(new CancellationToken(canceled: true));
            await host.DisposeAsync();
        }
    }

    async Task<string> Host(RequestDelegate answer, bool isStorage)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            // No client is too slow.
            k.Limits.MinResponseDataRate = null;
            k.Limits.MinRequestBodyDataRate = null;
            k.Limits.RequestHeadersTimeout = TimeSpan.FromMinutes(5);
        });
        WebApplication host = builder.Build();
        host.Urls.Add("http://127.0.0.1:0");
        host.Run(async context =>
        {
            HttpRequest request = context.Request;
            Func<HttpContext, Task>? other = null;
            lock (_turn)
            {
                _asked.Add(
                    new Asked(
                        request.Method,
                        request.Path.Value ?? "",
                        request.Headers.Range,
                        request.Headers.Authorization,
                        isStorage
                    )
                );
                int at = _mischief.FindIndex(m => m.Times > 0 && m.Which(request));
                if (at >= 0)
                {
                    other = _mischief[at].What;
                    _mischief[at] = _mischief[at] with { Times = _mischief[at].Times - 1 };
                }
            }

            await (other ?? answer.Invoke)(context);
        });
        await host.StartAsync();
        _hosts.Add(host);
        return host
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Single();
    }

    async Task Answer(HttpContext context)
    {
        string path = context.Request.Path.Value!.Trim('/');
        if (path == "api/repos/create")
        {
            await Create(context);
            return;
        }

        bool api = path.StartsWith("api/", StringComparison.Ordinal);
        string rest = api ? path["api/".Length..] : path;
        rest = rest.StartsWith("models/", StringComparison.Ordinal)
            ? rest["models/".Length..]
            : rest;
        string? name = Repositories.Keys.FirstOrDefault(n =>
            rest.StartsWith(n + "/", StringComparison.Ordinal)
            || rest.StartsWith(n + ".git/", StringComparison.Ordinal)
        );
        bool known = context.Request.Headers.Authorization == $"Bearer {Token}";
        if (name is null || Repositories[name].IsPrivate && !known)
        {
            Refuse(context, known ? 404 : 401, "RepoNotFound", "Repository not found");
            return;
        }

        FakeRepository repository = Repositories[name];
        if (repository.IsGated && !api)
        {
            Refuse(context, known ? 403 : 401, "GatedRepo", "Access to model is restricted");
            return;
        }

        string what = rest[name.Length..];
        if (what.StartsWith("/resolve/", StringComparison.Ordinal))
        {
            await Resolve(context, repository, what["/resolve/".Length..]);
        }
        else if (what.StartsWith("/revision/", StringComparison.Ordinal))
        {
            await List(context, repository, Uri.UnescapeDataString(what["/revision/".Length..]));
        }
        else if (!known)
        {
            Refuse(context, 401, "", "Invalid username or password.");
        }
        else if (what.StartsWith("/preupload/", StringComparison.Ordinal))
        {
            JsonElement files = (await Body(context)).RootElement.GetProperty("files");
            await Json(
                context,
                new
                {
                    files = files
                        .EnumerateArray()
                        .Select(f => f.GetProperty("path").GetString()!)
                        .Select(f => new
                        {
                            path = f,
                            uploadMode = FakeRepository.IsLarge(f) ? "lfs" : "regular",
                            shouldIgnore = false,
                        }),
                }
            );
        }
        else if (what == ".git/info/lfs/objects/batch")
        {
            await Batch(context);
        }
        else if (what.StartsWith("/verify", StringComparison.Ordinal))
        {
            string oid = (await Body(context)).RootElement.GetProperty("oid").GetString()!;
            context.Response.StatusCode = Stored.ContainsKey(oid) ? 200 : 404;
        }
        else
        {
            await Commit(context, repository);
        }
    }

    async Task Create(HttpContext context)
    {
        JsonElement body = (await Body(context)).RootElement;
        string name = $"{body.GetProperty("organization")}/{body.GetProperty("name")}";
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            Refuse(context, 401, "", "Invalid credentials in Authorization header");
        }
        else if (Repositories.ContainsKey(name))
        {
            context.Response.StatusCode = 409;
        }
        else
        {
            Repositories[name] = new FakeRepository
            {
                IsPrivate = body.GetProperty("visibility").GetString() == "private",
            };
            await Json(context, new { url = $"{Address}/{name}" });
        }
    }

    async Task Batch(HttpContext context)
    {
        JsonElement body = (await Body(context)).RootElement;
        await Json(
            context,
            new
            {
                transfer = PartBytes > 0 ? "multipart" : "basic",
                objects = body.GetProperty("objects").EnumerateArray().Select(Wanted).ToArray(),
            }
        );

        object Wanted(JsonElement file)
        {
            string oid = file.GetProperty("oid").GetString()!;
            int size = file.GetProperty("size").GetInt32();
            if (Stored.ContainsKey(oid))
            {
                return new { oid, size };
            }

            Dictionary<string, string> header = [];
            for (int part = 0; PartBytes > 0 && part * PartBytes < size; part++)
            {
                header["chunk_size"] = $"{PartBytes}";
                header[$"{part + 1:00000}"] = $"{Storage}/parts/{oid}/{part}";
            }

            return new
            {
                oid,
                size,
                actions = new
                {
                    upload = new
                    {
                        href = PartBytes > 0
                            ? $"{Storage}/complete/{oid}"
                            : $"{Storage}/upload/{oid}",
                        header,
                    },
                    verify = new { href = $"{Address}/some-owner/sent/verify" },
                },
            };
        }
    }

    async Task Commit(HttpContext context, FakeRepository repository)
    {
        using StreamReader reader = new(context.Request.Body);
        foreach (
            string line in (await reader.ReadToEndAsync()).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries
            )
        )
        {
            JsonElement item = JsonDocument.Parse(line).RootElement,
                value = item.GetProperty("value");
            repository.Commits.Add(item);
            switch (item.GetProperty("key").GetString())
            {
                case "file":
                    repository.Files[value.GetProperty("path").GetString()!] = value
                        .GetProperty("content")
                        .GetBytesFromBase64();
                    break;
                case "lfsFile":
                    repository.Files[value.GetProperty("path").GetString()!] = Stored[
                        value.GetProperty("oid").GetString()!
                    ];
                    break;
            }
        }

        await Json(
            context,
            new
            {
                commitUrl = $"{Address}/commit/{FakeRepository.Commit}",
                commitOid = FakeRepository.Commit,
            }
        );
    }

    static async Task List(HttpContext context, FakeRepository repository, string revision)
    {
        if (!repository.Revisions.Contains(revision))
        {
            Refuse(context, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
            return;
        }

        await Json(
            context,
            new
            {
                id = "whatever",
                sha = FakeRepository.Commit,
                siblings = repository
                    .Files.Keys.Concat(repository.OtherNames)
                    .Select(f => new { rfilename = f }),
            }
        );
    }

    async Task Resolve(HttpContext context, FakeRepository repository, string rest)
    {
        int at = rest.IndexOf('/');
        string file = rest[(at + 1)..];
        context.Response.Headers["X-Repo-Commit"] = FakeRepository.Commit;
        if (!repository.Files.TryGetValue(file, out byte[]? content))
        {
            Refuse(context, 404, "EntryNotFound", "Entry not found");
            return;
        }

        string hash = FakeRepository.Hash(file, content);
        if (FakeRepository.IsLarge(file))
        {
            Stored[hash] = content;
            context.Response.Headers["X-Linked-Etag"] = $"\"{hash}\"";
            context.Response.Headers["X-Linked-Size"] = $"{content.Length}";
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"{Storage}/blob/{hash}/{file}?signed=yes";
            return;
        }

        context.Response.Headers.ETag = $"\"{hash}\"";
        await Send(context, content);
    }

    async Task Store(HttpContext context)
    {
        string[] path = context.Request.Path.Value!.Trim('/').Split('/');
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        switch (path[0])
        {
            case "blob":
                await Send(context, Stored[path[1]]);
                break;
            case "upload":
                context.Response.StatusCode =
                    FakeRepository.Sha256(body.ToArray()) == path[1] ? 200 : 400;
                Stored[path[1]] = body.ToArray();
                break;
            case "parts":
                lock (_turn)
                {
                    Stored[$"{path[1]}/{path[2]}"] = body.ToArray();
                }

                context.Response.Headers.ETag = $"\"tag-{path[2]}\"";
                break;
            default:
                JsonElement[] parts =
                [
                    .. JsonDocument
                        .Parse(body.ToArray())
                        .RootElement.GetProperty("parts")
                        .EnumerateArray(),
                ];
                byte[] whole = [.. parts.SelectMany((_, i) => Stored[$"{path[1]}/{i}"])];
                Assert.Equal(
                    parts.Select((_, i) => $"\"tag-{i}\""),
                    parts.Select(p => p.GetProperty("etag").GetString())
                );
                context.Response.StatusCode = FakeRepository.Sha256(whole) == path[1] ? 200 : 400;
                Stored[path[1]] = whole;
                break;
        }
    }

    /// <summary>A file, or the part of it that is asked for.</summary>
    public static async Task Send(HttpContext context, byte[] content)
    {
        int from = 0;
        if (context.Request.Headers.Range.ToString() is { Length: > 0 } range)
        {
            from = int.Parse(
                range["bytes=".Length..].TrimEnd('-'),
                NumberStyles.None,
                CultureInfo.InvariantCulture
            );
            if (from >= content.Length)
            {
                context.Response.StatusCode = 416;
                return;
            }

            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange =
                $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        context.Response.ContentLength = content.Length - from;
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(content.AsMemory(from));
        }
    }

    public static void Refuse(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["X-Error-Code"] = code;
        context.Response.Headers["X-Error-Message"] = message;
    }

    static async Task<JsonDocument> Body(HttpContext context) =>
        await JsonDocument.ParseAsync(context.Request.Body);

    static Task Json(HttpContext context, object answer)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(answer));
    }
}
