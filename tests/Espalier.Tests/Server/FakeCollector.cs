using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Espalier.Tests.Server;

/// <summary>A value that a collector was sent.</summary>
/// <param name="Labels">As Prometheus writes them, sorted.</param>
/// <param name="Value">Of a counter or a gauge; of a histogram how many.</param>
/// <param name="Sum">Of a histogram.</param>
sealed record Sent(string Name, string Labels, double Value, double? Sum);

/// <summary>
/// What takes OpenTelemetry's metrics on a port of this machine, by HTTP or by gRPC, and reads of opentelemetry/proto/metrics/v1 what is
/// compared here.
/// </summary>
sealed class FakeCollector : IAsyncDisposable
{
    const string HttpPath = "/v1/metrics";
    const string GrpcPath = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    readonly WebApplication _app;
    readonly ConcurrentQueue<byte[]> _bodies = new();

    FakeCollector(bool grpc)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(k =>
            k.Listen(
                IPAddress.Loopback,
                0,
                l => l.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1
            )
        );
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.MapPost(grpc ? GrpcPath : HttpPath, context => Take(context, grpc));
    }

    public string Address =>
        _app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();

    public int Times => _bodies.Count;

    /// <summary>What came last.</summary>
    public IReadOnlyList<Sent> Last => [.. Read(_bodies.Last())];

    /// <summary>Of whom it came, as service.name.</summary>
    public string Service =>
        Labels(Fields(Fields(Fields(_bodies.Last()).One(1)).One(1)), 1)
            .Split(',')
            .Single(l => l.StartsWith("service.name="));

    public static async Task<FakeCollector> Start(bool grpc)
    {
        FakeCollector collector = new(grpc);
        await collector._app.StartAsync(Serving.Stop);
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task Take(HttpContext context, bool grpc)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        byte[] bytes = body.ToArray();
        if (!grpc)
        {
            _bodies.Enqueue(bytes);
            context.Response.ContentType = "application/x-protobuf";
            return;
        }

        // A flag and a length in front of each message; an empty one back.
        Assert.Equal(0, bytes[0]);
        _bodies.Enqueue(bytes[5..]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    static IEnumerable<Sent> Read(byte[] request) =>
        from resource in Fields(request)[1]
        from scope in Fields(resource)[2]
        from bytes in Fields(scope)[2]
        let metric = Fields(bytes)
        let name = Encoding.UTF8.GetString(metric.One(1))
        from sent in metric[5]
            .Concat(metric[7])
            .SelectMany(g => Fields(g)[1])
            .Select(p => Number(name, Fields(p)))
            .Concat(metric[9].SelectMany(h => Fields(h)[1]).Select(p => Histogram(name, Fields(p))))
        select sent;

    static Sent Number(string name, ILookup<int, byte[]> point) =>
        new(
            name,
            Labels(point, 7),
            point.Contains(4)
                ? BinaryPrimitives.ReadDoubleLittleEndian(point.One(4))
                : BinaryPrimitives.ReadInt64LittleEndian(point.One(6)),
            null
        );

    static Sent Histogram(string name, ILookup<int, byte[]> point) =>
        new(
            name,
            Labels(point, 9),
            BinaryPrimitives.ReadInt64LittleEndian(point.One(4)),
            BinaryPrimitives.ReadDoubleLittleEndian(point.One(5))
        );

    static string Labels(ILookup<int, byte[]> of, int field) =>
        string.Join(
            ',',
            of[field]
                .Select(Fields)
                .Select(pair =>
                {
                    ILookup<int, byte[]> value = Fields(pair.One(2));
                    return $"{Encoding.UTF8.GetString(pair.One(1))}="
                        + (
                            value.Contains(1)
                                ? Encoding.UTF8.GetString(value.One(1))
                                : $"{BinaryPrimitives.ReadInt64LittleEndian(value.One(3))}"
                        );
                })
                .Order(StringComparer.Ordinal)
        );

    /// <summary>A message's fields in the wire format of Protocol Buffers; a varint as eight bytes.</summary>
    static ILookup<int, byte[]> Fields(byte[] message)
    {
        List<(int Field, byte[] Bytes)> found = [];
        for (int at = 0; at < message.Length; )
        {
            ulong tag = Varint(message, ref at);
            byte[] bytes;
            switch (tag & 7)
            {
                case 0:
                    bytes = BitConverter.GetBytes(Varint(message, ref at));
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    bytes = message[at..(at += length)];
                    break;
                default:
                    length = (tag & 7) == 1 ? 8 : 4;
                    bytes = message[at..(at += length)];
                    break;
            }

            found.Add(((int)(tag >> 3), bytes));
        }

        return found.ToLookup(f => f.Field, f => f.Bytes);
    }

    static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}

file static class Looking
{
    public static byte[] One(this ILookup<int, byte[]> fields, int field) =>
        Assert.Single(fields[field]);
}
