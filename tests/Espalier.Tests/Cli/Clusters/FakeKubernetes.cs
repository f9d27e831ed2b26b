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
    const string Jobs = "/apis/batch/v1/namespaces/{ns}/jobs";

    readonly ConcurrentDictionary<(string Space, string Name), JobRun> _jobs = new();
    readonly WebApplication _app;
    long _version;

    FakeKubernetes(string folder)
    {
        Image = Path.Combine(folder, "image");
        Directory.CreateDirectory(Image);
        string command = Path.Combine(Image, "espalier");
        File.WriteAllText(command, $"#!/bin/sh\nexec \"{Tool.Dotnet}\" \"{Tool.Dll}\" \"$@\"\n");
        File.SetUnixFileMode(
            command,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
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

    /// <summary>Answers that are given instead of real ones, one for each request, as long as there are any: a status, or 0 for none.</summary>
    public ConcurrentQueue<int> Faults { get; } = new();

    public ConcurrentBag<string> Asked { get; } = [];

    /// <summary>What befalls a pod, and when.</summary>
    public Func<Pod, Fate> Befalls { get; set; } = _ => Fate.None;
    public Func<Pod, Task> Moment { get; set; } = _ => Task.CompletedTask;

    /// <summary>A folder with the command <c>espalier</c>: this build.</summary>
    public string Image { get; }

    public IReadOnlyList<Pod> Pods => [.. _jobs.Values.SelectMany(j => j.Pods)];

    public IReadOnlyList<V1Job> All => [.. _jobs.Values.Select(j => j.Job)];

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
              user: {}
            """
        );
        return fake;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (JobRun job in _jobs.Values)
        {
            await job.Delete();
        }

        await _app.DisposeAsync();
    }

    async Task Faulty(HttpContext context, RequestDelegate next)
    {
        Asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        if (Faults.TryDequeue(out int status) && status > 0)
        {
            if (status == 429)
            {
                context.Response.Headers.RetryAfter = "1";
            }

            await Fail(
                context,
                status,
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
        await job.Delete();
        await Answer(
            context,
            200,
            new V1Status
            {
                ApiVersion = "v1",
                Kind = "Status",
                Status = "Success",
            }
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
        Answer(
            context,
            code,
            new V1Status
            {
                ApiVersion = "v1",
                Kind = "Status",
                Status = "Failure",
                Code = code,
                Reason = reason,
                Message = message,
            }
        );

    static Task Answer(HttpContext context, int code, object answer)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(KubernetesJson.Serialize(answer));
    }

    internal string NextVersion() => $"{Interlocked.Increment(ref _version)}";
}

/// <param name="Attempt">Counted from 0.</param>
sealed record Pod(string Job, bool Measures, int Index, int Attempt)
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
