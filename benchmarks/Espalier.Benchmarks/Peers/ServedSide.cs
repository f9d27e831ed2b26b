using System.Diagnostics;
using System.Net.Http.Headers;
using Espalier.Server;
using Espalier.Server.Batching;
using Espalier.Tensors;

namespace Espalier.Benchmarks.Peers;

/// <summary>A server that is measured, and what was noted of it.</summary>
sealed class ServedSide(string name, ModelServer server) : IAsyncDisposable
{
    static readonly MediaTypeHeaderValue Json = new("application/json");

    readonly Dictionary<int, List<Figures>> _noted = [];
    readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 })
    {
        BaseAddress = server.Address,
    };
    int _next;

    public string Name => name;

    public static async Task<ServedSide> Start(string name, ServedClassifier model) =>
        new(name, await ModelServer.Start(new ServerOptions { MostWaiting = 4096 }, [model]));

    public void Note(int clients, Figures figures)
    {
        if (!_noted.TryGetValue(clients, out List<Figures>? rounds))
        {
            _noted.Add(clients, rounds = []);
        }

        rounds.Add(figures);
    }

    public int Rounds => _noted.Values.Min(n => n.Count);

    public Func<int, Figures> In(int round) => clients => _noted[clients][round];

    /// <summary>Medians over the rounds.</summary>
    public Figures Of(int clients)
    {
        List<Figures> all = _noted[clients];
        return new Figures(
            Spread.Median([.. all.Select(f => f.PerSecond)]),
            Spread.Median([.. all.Select(f => f.Median)]),
            Spread.Median([.. all.Select(f => f.P99)])
        );
    }

    /// <summary>So many clients, each of which asks again as soon as it is answered.</summary>
    public async Task<Figures> Load(byte[][] bodies, int clients, TimeSpan time)
    {
        long began = Stopwatch.GetTimestamp();
        List<double>[] all = await Task.WhenAll(
            Enumerable.Range(0, clients).Select(_ => Task.Run(Client))
        );
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return Figures.Of(all.SelectMany(l => l), seconds);

        async Task<List<double>> Client()
        {
            List<double> milliseconds = [];
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                milliseconds.Add(await Ask(bodies, Stopwatch.GetTimestamp()));
            }

            return milliseconds;
        }
    }

    /// <summary>
    /// Requests that wait for nobody: the times between them are exponential, and latency counts from when a request was due, so that a client
    /// that is late hides nothing.
    /// </summary>
    public async Task<Figures> Arrive(byte[][] bodies, double perSecond, TimeSpan time, ulong seed)
    {
        Rng rng = new(seed);
        List<Task<double>> asked = [];
        TaskCompletionSource all = new();
        Thread clock = new(() =>
        {
            long began = Stopwatch.GetTimestamp();
            double due = 0;
            for (ulong i = 0; ; i++)
            {
                due -= Math.Log(1 - rng.Uniform(i)) / perSecond;
                if (due > time.TotalSeconds)
                {
                    break;
                }

                while (due - Stopwatch.GetElapsedTime(began).TotalSeconds is > 0 and var wait)
                {
                    Thread.Sleep(wait > 0.001 ? (int)(wait * 1000) : 1);
                }

                long at = began + (long)(due * Stopwatch.Frequency);
                asked.Add(Task.Run(() => Ask(bodies, at)));
            }

            all.SetResult();
        })
        {
            IsBackground = true,
        };
        clock.Start();
        await all.Task;
        return Figures.Of(await Task.WhenAll(asked), time.TotalSeconds);
    }

    async Task<double> Ask(byte[][] bodies, long due)
    {
        byte[] body = bodies[Interlocked.Increment(ref _next) % bodies.Length];
        using ByteArrayContent content = new(body);
        content.Headers.ContentType = Json;
        using HttpResponseMessage response = await _http.PostAsync("/predict", content);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
        return Stopwatch.GetElapsedTime(due).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await server.DisposeAsync();
    }

    public sealed record Figures(double PerSecond, double Median, double P99)
    {
        public static Figures Of(IEnumerable<double> milliseconds, double seconds)
        {
            double[] sorted = [.. milliseconds.Order()];
            return new Figures(
                sorted.Length / seconds,
                sorted[sorted.Length / 2],
                sorted[(int)Math.Ceiling(0.99 * sorted.Length) - 1]
            );
        }
    }
}
