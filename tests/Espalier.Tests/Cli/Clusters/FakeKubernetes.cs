using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Espalier.Tests.Cli.Clusters;

/// <summary>
/// Stands in for a cluster on the loopback address: an API server that refuses Jobs as a real one does (<see cref="JobRules"/>), and a
/// Job controller and a node whose pods are processes on this machine. Its answers and states follow the documentation of batch/v1;
/// it is no Kubernetes, and what a real one does beside that is not seen here.
/// </summary>
sealed class FakeKubernetes : IAsyncDisposable
{
    /// <summary>Whom it lets in.</summary>
    public const string Token = "0123456789";

    /// <summary>Set where a pod is not to end before what befalls it.</summary>
    public const string Hold = "ESPALIER_TEST_HOLD";

    /// <summary>Faults that are no status: the connection stays and nothing comes, and an answer of which a part comes.</summary>
    public const int IsSilent = 1;
    public const int BreaksOff = 2;

    const string Jobs = "/apis/batch/v1/namespaces/{ns}/jobs";

    readonly ConcurrentDictionary<(string Space, string Name), JobRun> _jobs = new();
    readonly WebApplication _app;
    long _version;

    FakeKubernetes(string folder)
    {
        Image = Path.Combine(folder, "image");
        Directory.CreateDirectory(Image);
        string command = Path.Combine(Image, "espalier");
        File.WriteAllText(
            command,
            $"""
            #!/bin/sh
            [ -z "${Hold}" ] || exec sleep 1000000
            exec "{Tool.Dotnet}" "{Tool.Dll}" "$@"

            """
        );
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                command,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
        }
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http1)
        );
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.Use(Faulty);
        _app.MapPost(Jobs, Create);
        _app.MapGet(Jobs, List);
        _app.MapGet(Jobs + "/{name}", Get);
        _app.MapDelete(Jobs + "/{name}", Delete);
        _app.MapFallback(context =>
            Fail(context, 404, "NotFound", "the server could not find the requested resource")
        );
    }

    /// <summary>Folders behind the claims, by name; a pod of any other claim stays pending.</summary>
    public ConcurrentDictionary<string, string> Claims { get; } = new();

    /// <summary>Answers that are given instead of real ones, one for each request, as long as there are any: a status; one below 0 after the work was done; 0 for none.</summary>
    public ConcurrentQueue<int> Faults { get; } = new();

    public ConcurrentBag<string> Asked { get; } = [];

    /// <summary>What befalls a pod as soon as it runs.</summary>
    public Func<Pod, Fate> Befalls { get; set; } = _ => Fate.None;

    /// <summary>A folder with the command <c>espalier</c>: this build.</summary>
    public string Image { get; }

    public IReadOnlyList<Pod> Pods => [.. _jobs.Values.SelectMany(j => j.Pods)];

    public IReadOnlyList<V1Job> All => [.. _jobs.Values.Select(j => j.Seen())];

    /// <summary>All Jobs, when each of them has come to its end.</summary>
    public async Task<IReadOnlyList<V1Job>> Ended(CancellationToken stop)
    {
        for (int attempt = 0; All.Any(j => j.Status.Conditions is null); attempt++)
        {
            Assert.True(attempt < 12_000, string.Join('\n', All.Select(j => j.Metadata.Name)));
            await Task.Delay(50, stop);
        }

        return All;
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>A file that KUBECONFIG names.</summary>
    public string Config { get; private set; } = "";

    public static async Task<FakeKubernetes> Start(string folder)
    {
        FakeKubernetes fake = new(folder);
        await fake._app.StartAsync();
        fake.Config = Path.Combine(folder, "kubeconfig");
        File.WriteAllText(
            fake.Config,
            $$"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: fake
              cluster: {server: "{{fake._app.Urls.First()}}"}
            contexts:
            - name: fake
              context: {cluster: fake, user: me, namespace: studies}
            current-context: fake
            users:
            - name: me
              user: {token: "{{Token}}"}
            """
        );
        return fake;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (JobRun job in _jobs.Values)
        {
            await job.DisposeAsync();
        }

        await _app.DisposeAsync();
    }

    async Task Faulty(HttpContext context, RequestDelegate next)
    {
        Asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await Fail(context, 401, "Unauthorized", "Unauthorized");
            return;
        }

        int status = Faults.TryDequeue(out int fault) ? fault : 0;
        if (status < 0)
        {
            // It is done, and the answer gets lost on its way.
            Stream wire = context.Response.Body;
            context.Response.Body = new MemoryStream();
            await next(context);
            context.Response.Body = wire;
        }

        if (status == IsSilent)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (status == BreaksOff)
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        if (status == 429)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        if (status != 0)
        {
            await Fail(
                context,
                Math.Abs(status),
                status == 429 ? "TooManyRequests" : "InternalError",
                status == 429
                    ? "the server has received too many requests and has asked us to try again later"
                    : "an error on the server has prevented the request from succeeding"
            );
            return;
        }

        await next(context);
    }

    async Task Create(HttpContext context)
    {
        string space = (string)context.Request.RouteValues["ns"]!;
        using StreamReader reader = new(context.Request.Body);
        string text = await reader.ReadToEndAsync();
        using JsonDocument document = JsonDocument.Parse(text);
        string[] unknown =
        [
            .. JobRules
                .Unknown(document.RootElement, typeof(V1Job), "")
                .Select(u => $"unknown field \"{u.TrimStart('.')}\""),
        ];
        if (context.Request.Query["fieldValidation"] == "Strict" && unknown.Length > 0)
        {
            await Fail(
                context,
                400,
                "BadRequest",
                $"Job in version \"v1\" cannot be handled as a Job: strict decoding error: {string.Join(", ", unknown)}"
            );
            return;
        }

        V1Job job = KubernetesJson.Deserialize<V1Job>(text);
        if (job.Metadata.NamespaceProperty is { } named && named != space)
        {
            await Fail(
                context,
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request"
            );
            return;
        }

        string[] problems = [.. JobRules.Problems(job)];
        if (problems.Length > 0)
        {
            await Fail(
                context,
                422,
                "Invalid",
                $"Job.batch \"{job.Metadata.Name}\" is invalid: {string.Join(", ", problems)}"
            );
            return;
        }

        job.Metadata.NamespaceProperty = space;
        job.Metadata.Uid = $"uid-{Interlocked.Increment(ref _version)}";
        job.Metadata.ResourceVersion = $"{Interlocked.Increment(ref _version)}";
        job.Status = new V1JobStatus();
        JobRun run = new(job, this);
        if (!_jobs.TryAdd((space, job.Metadata.Name), run))
        {
            await Fail(
                context,
                409,
                "AlreadyExists",
                $"jobs.batch \"{job.Metadata.Name}\" already exists"
            );
            return;
        }

        run.Begin();
        await Answer(context, 201, run.Seen());
    }

    Task List(HttpContext context)
    {
        string space = (string)context.Request.RouteValues["ns"]!;
        (string, string)[] wanted =
        [
            .. $"{context.Request.Query["labelSelector"]}"
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => l.Split('='))
                .Select(l => (l[0], l[^1])),
        ];
        return Answer(
            context,
            200,
            new V1JobList
            {
                ApiVersion = "batch/v1",
                Kind = "JobList",
                Metadata = new() { ResourceVersion = $"{Interlocked.Read(ref _version)}" },
                Items =
                [
                    .. _jobs
                        .Where(j => j.Key.Space == space)
                        .Select(j => j.Value.Seen())
                        .Where(j =>
                            wanted.All(w =>
                                j.Metadata.Labels?.TryGetValue(w.Item1, out string? value) == true
                                && value == w.Item2
                            )
                        )
                        .OrderBy(j => j.Metadata.Name, StringComparer.Ordinal),
                ],
            }
        );
    }

    Task Get(HttpContext context) =>
        Find(context) is { } job ? Answer(context, 200, job.Seen()) : NotFound(context);

    async Task Delete(HttpContext context)
    {
        if (Find(context) is not { } job)
        {
            await NotFound(context);
            return;
        }

        _jobs.TryRemove((job.Job.Metadata.NamespaceProperty, job.Job.Metadata.Name), out _);
        await job.DisposeAsync();
        await Write(
            context,
            200,
            """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}"""
        );
    }

    JobRun? Find(HttpContext context) =>
        _jobs.GetValueOrDefault(
            (
                (string)context.Request.RouteValues["ns"]!,
                (string)context.Request.RouteValues["name"]!
            )
        );

    static Task NotFound(HttpContext context) =>
        Fail(
            context,
            404,
            "NotFound",
            $"jobs.batch \"{context.Request.RouteValues["name"]}\" not found"
        );

    static Task Fail(HttpContext context, int code, string reason, string message) =>
        Write(
            context,
            code,
            JsonSerializer.Serialize(
                new
                {
                    kind = "Status",
                    apiVersion = "v1",
                    metadata = new { },
                    status = "Failure",
                    message,
                    reason,
                    code,
                }
            )
        );

    static Task Answer(HttpContext context, int code, object answer) =>
        Write(context, code, KubernetesJson.Serialize(answer));

    static Task Write(HttpContext context, int code, string json)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    internal string NextVersion() => $"{Interlocked.Increment(ref _version)}";
}

/// <param name="Of">What its Job is said to be of.</param>
/// <param name="Attempt">Counted from 0.</param>
sealed record Pod(string Job, string Of, bool Measures, int Index, int Attempt)
{
    public int? Code { get; set; }
    public bool IsEvicted { get; set; }
    public string Said { get; set; } = "";
}

enum Fate
{
    None,

    /// <summary>SIGKILL, as when memory runs out.</summary>
    Killed,

    /// <summary>SIGTERM, and the condition DisruptionTarget.</summary>
    Evicted,
}
