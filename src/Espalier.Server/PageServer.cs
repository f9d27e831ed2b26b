using Espalier.Server.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Espalier.Server;

/// <summary>What stands behind one path.</summary>
/// <param name="Content">Made anew for each request, from the value of <c>of</c> in its query; null: there is nothing of that name.</param>
public sealed record ServedPage(string Path, string ContentType, Func<string?, byte[]?> Content);

/// <summary>
/// Pages for the browser of whoever works on this machine, or is there through a tunnel. It listens on the loopback address alone,
/// answers GET alone and the paths it was given alone, and reads no file.
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    const int MostConnections = 64;
    static readonly ServerOptions Loopback = new();

    readonly WebApplication _app;
    readonly Gate _gate = new(Loopback);
    readonly IReadOnlyList<ServedPage> _pages;
    readonly string _policy;

    PageServer(int port, string policy, IReadOnlyList<ServedPage> pages)
    {
        (_pages, _policy) = (pages, policy);
        _app = Listening.On(
            Loopback.Address,
            port,
            kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = 0;
                kestrel.Limits.MaxConcurrentConnections = MostConnections;
            }
        );
        foreach (ServedPage page in pages)
        {
            _app.MapGet(page.Path, context => Handle(context, page));
        }

        _app.MapFallback(
            "{**path}",
            context =>
                Refuse(
                    context.Response,
                    HttpMethods.IsGet(context.Request.Method)
                        ? new Refusal(
                            404,
                            $"There is nothing at this path; {string.Join(" and ", _pages.Select(p => p.Path))} are there."
                        )
                        : new Refusal(405, "This server answers GET alone.")
                )
        );
    }

    /// <summary>What a browser opens, such as <c>http://127.0.0.1:8081</c>.</summary>
    public Uri Address { get; private set; } = null!;

    /// <param name="port">0: any that is free.</param>
    /// <param name="policy">What pages may load and run, as Content-Security-Policy says it.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<PageServer> Start(
        int port,
        string policy,
        params IReadOnlyList<ServedPage> pages
    )
    {
        PageServer server = new(port, policy, pages);
        try
        {
            await server._app.StartAsync();
            server.Address = Listening.AddressOf(server._app);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task Handle(HttpContext context, ServedPage page)
    {
        try
        {
            _gate.Check(context.Request);
            byte[] content =
                page.Content(context.Request.Query["of"])
                ?? throw new Refusal(404, "There is nothing of this name here.");
            Begin(context.Response, 200, page.ContentType);
            context.Response.ContentLength = content.Length;
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
        catch (Refusal refusal)
        {
            await Refuse(context.Response, refusal);
        }
        catch (Exception e)
            when (e is IOException or InvalidDataException or UnauthorizedAccessException
                && !context.Response.HasStarted
            )
        {
            await Refuse(context.Response, new Refusal(503, e.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested) { }
    }

    Task Refuse(HttpResponse response, Refusal refusal)
    {
        Begin(response, refusal.Status, "text/plain; charset=utf-8");
        return response.WriteAsync(refusal.Message + "\n");
    }

    void Begin(HttpResponse response, int status, string contentType)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.Headers.ContentSecurityPolicy = _policy;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
