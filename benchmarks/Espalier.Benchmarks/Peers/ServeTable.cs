using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Server;
using Espalier.Server.Batching;

namespace Espalier.Benchmarks.Peers;

/// <summary>
/// Throughput and latency of our server, and of the same server (ASP.NET, tokenizer, batching) with ONNX Runtime in the place of our
/// engine: MiniLM in int8, the pairs of MRPC's test set one a request, clients that ask again as soon as they are answered. Servers
/// take turns; the clients run in this process too and cost both the same.
/// </summary>
static class ServeTable
{
    const string Usage =
        "Usage: -- serve --models DIR --data DIR [--threads N] [--rounds N]; DIR of the models holds all-MiniLM-L6-v2 with model_int8.onnx, that of the data mrpc.";

    static readonly int[] Clients = [1, 8, 32, 128];
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static async Task<int> Run(string[] arguments)
    {
        PeerOptions? options = PeerOptions.Parse(arguments);
        if (options?.Data is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("espalier-serve").FullName;
        try
        {
            await Run(options, Path.Combine(folder, "int8"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    static async Task Run(PeerOptions options, string folder)
    {
        Encoder encoder = Encoder.MiniLm(options.Models);
        ModelFolder.Save(
            encoder.Model with
            {
                Traits = new Traits(Precision.Int8),
            },
            folder,
            encoder.Model.Tokenizer!.Files()
        );
        byte[][] bodies =
        [
            .. Tasks
                .Load("mrpc", Path.Combine(options.Data!, "mrpc"))
                .Test.Examples.Select(e =>
                    JsonSerializer.SerializeToUtf8Bytes(new { inputs = new[] { e.Text, e.Pair } })
                ),
        ];
        List<Side> sides = [await Side.Start("Espalier", new ServedClassifier("minilm", Load()))];
        List<OnnxEngine> engines = [];
        foreach (OnnxWay way in Enum.GetValues<OnnxWay>())
        {
            OnnxEngine engine = new(encoder.Int8, encoder.Model.Config, way, options.Threads);
            engines.Add(engine);
            sides.Add(
                await Side.Start(
                    $"ONNX Runtime, {way}",
                    new ServedClassifier("minilm", Load(), (texts, _) => engine.Answer(texts))
                )
            );
        }

        Console.WriteLine(
            $"{bodies.Length} pairs, {options.Threads} threads, {options.Rounds} rounds of {Turn.TotalSeconds} s\n"
        );
        foreach (Side side in sides)
        {
            await side.Load(bodies, 8, 2 * WarmUp);
        }

        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (int clients in Clients)
            {
                foreach (Side side in round % 2 == 0 ? sides : sides.AsEnumerable().Reverse())
                {
                    await side.Load(bodies, clients, WarmUp);
                    side.Note(clients, await side.Load(bodies, clients, Turn));
                }
            }
        }

        Write(sides);
        foreach (Side side in sides)
        {
            await side.DisposeAsync();
        }

        engines.ForEach(e => e.Dispose());

        Classifier Load() => Classifier.Load(folder, new() { Threads = options.Threads });
    }

    static void Write(List<Side> sides)
    {
        Console.WriteLine("clients  server                      requests/s   p50 ms   p99 ms");
        foreach (int clients in Clients)
        {
            foreach (Side side in sides)
            {
                Figures f = side.Of(clients);
                Console.WriteLine(
                    $"{clients, 7}  {side.Name, -26} {f.PerSecond, 11:0.0} {f.Median, 8:0.0} {f.P99, 8:0.0}"
                );
            }
        }

        Console.WriteLine(
            "\nAt the p99 of ONNX Runtime's best way, as many clients as ours then holds:"
        );
        foreach (int clients in Clients)
        {
            Figures theirs = sides.Skip(1).Select(s => s.Of(clients)).MaxBy(f => f.PerSecond)!;
            var ours = Clients
                .Select(c => (Count: c, Figures: sides[0].Of(c)))
                .Where(c => c.Figures.P99 <= theirs.P99)
                .ToArray();
            Console.WriteLine(
                ours.Length == 0
                    ? $"{theirs.P99:0.0} ms: none of ours is as fast"
                    : $"{theirs.P99:0.0} ms: {ours.Max(c => c.Figures.PerSecond):0.0} against {theirs.PerSecond:0.0} requests/s, {ours.Max(c => c.Figures.PerSecond) / theirs.PerSecond:0.00}x"
            );
        }
    }

    sealed record Figures(double PerSecond, double Median, double P99);

    /// <summary>A server, and what was measured of it.</summary>
    sealed class Side(string name, ModelServer server) : IAsyncDisposable
    {
        static readonly MediaTypeHeaderValue Json = new("application/json");

        readonly List<(int Clients, Figures Figures)> _noted = [];
        readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 })
        {
            BaseAddress = server.Address,
        };

        public string Name => name;

        public static async Task<Side> Start(string name, ServedClassifier model) =>
            new(name, await ModelServer.Start(new ServerOptions { MostWaiting = 4096 }, [model]));

        public void Note(int clients, Figures figures) => _noted.Add((clients, figures));

        /// <summary>Medians over the rounds.</summary>
        public Figures Of(int clients)
        {
            Figures[] all = [.. _noted.Where(n => n.Clients == clients).Select(n => n.Figures)];
            return new Figures(
                Spread.Median([.. all.Select(f => f.PerSecond)]),
                Spread.Median([.. all.Select(f => f.Median)]),
                Spread.Median([.. all.Select(f => f.P99)])
            );
        }

        public async Task<Figures> Load(byte[][] bodies, int clients, TimeSpan time)
        {
            int next = 0;
            long began = Stopwatch.GetTimestamp();
            List<double>[] all = await Task.WhenAll(
                Enumerable.Range(0, clients).Select(_ => Task.Run(Client))
            );
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            double[] sorted = [.. all.SelectMany(l => l).Order()];
            return new Figures(
                sorted.Length / seconds,
                sorted[sorted.Length / 2],
                sorted[(int)Math.Ceiling(0.99 * sorted.Length) - 1]
            );

            async Task<List<double>> Client()
            {
                List<double> milliseconds = [];
                while (Stopwatch.GetElapsedTime(began) < time)
                {
                    byte[] body = bodies[Interlocked.Increment(ref next) % bodies.Length];
                    using ByteArrayContent content = new(body);
                    content.Headers.ContentType = Json;
                    long asked = Stopwatch.GetTimestamp();
                    using HttpResponseMessage response = await _http.PostAsync("/predict", content);
                    response.EnsureSuccessStatusCode();
                    await response.Content.ReadAsByteArrayAsync();
                    milliseconds.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                }

                return milliseconds;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await server.DisposeAsync();
        }
    }
}
