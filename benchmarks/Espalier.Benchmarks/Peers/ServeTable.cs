using System.Text.Json;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Server.Batching;

namespace Espalier.Benchmarks.Peers;

/// <summary>
/// Throughput and latency of our server, and of the same server (ASP.NET, tokenizer, batching) with ONNX Runtime in the place of our
/// engine: MiniLM in int8, the pairs of MRPC's test set one a request. First by clients that ask again as soon as they are answered, then
/// by requests that come at random, as many a second as keep the 99th percentile below a bound (the server scenario of MLPerf
/// Inference, Reddi et al. 2020, arXiv 1911.02549). Servers take turns; the clients run in this process too and cost both the same.
/// </summary>
static class ServeTable
{
    const string Usage =
        "Usage: -- serve --models DIR --data DIR [--threads N] [--rounds N]; DIR of the models holds all-MiniLM-L6-v2 with model_int8.onnx, that of the data mrpc.";

    // A classifier of the first token, for which the last layer goes on with one row, and one of the mean, for which it cannot.
    const int Ours = 2;

    static readonly int[] Clients = [1, 2, 4, 8, 32, 128];
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Arriving = TimeSpan.FromSeconds(5);

    // Requests that come at random, in shares of what a server answers at most.
    static readonly double[] Shares = [.. Enumerable.Range(3, 7).Select(i => 0.1 * i)];
    static readonly double[] Bounds = [15, 20, 30, 50, 100];
    const int Column = 24;

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
            await Run(options, folder);
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
        byte[][] bodies =
        [
            .. Tasks
                .Load("mrpc", Path.Combine(options.Data!, "mrpc"))
                .Test.Examples.Select(e =>
                    JsonSerializer.SerializeToUtf8Bytes(new { inputs = new[] { e.Text, e.Pair } })
                ),
        ];
        string first = Save("first", encoder),
            all = Save("all", encoder.OfAllRows);
        List<ServedSide> sides =
        [
            await ServedSide.Start("Espalier", new ServedClassifier("minilm", Load(first))),
            await ServedSide.Start("Espalier, all rows", new ServedClassifier("minilm", Load(all))),
        ];
        List<OnnxEngine> engines = [];
        foreach (OnnxWay way in Enum.GetValues<OnnxWay>())
        {
            OnnxEngine engine = new(encoder.Int8, encoder.Model.Config, way, options.Threads);
            engines.Add(engine);
            sides.Add(
                await ServedSide.Start(
                    $"ONNX Runtime, {way}",
                    new ServedClassifier("minilm", Load(first), (texts, _) => engine.Answer(texts))
                )
            );
        }

        Console.WriteLine(
            $"{bodies.Length} pairs, {options.Threads} threads, {options.Rounds} rounds of {Turn.TotalSeconds} s\n"
        );
        foreach (ServedSide side in sides)
        {
            await side.Load(bodies, 8, 8 * WarmUp);
        }

        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (int clients in Clients)
            {
                foreach (ServedSide side in round % 2 == 0 ? sides : sides.AsEnumerable().Reverse())
                {
                    await side.Load(bodies, clients, WarmUp);
                    side.Note(clients, await side.Load(bodies, clients, Turn));
                }
            }
        }

        Write(sides);
        await Arrive(options.Rounds, sides, bodies);
        foreach (ServedSide side in sides)
        {
            await side.DisposeAsync();
        }

        engines.ForEach(e => e.Dispose());

        Classifier Load(string from) => Classifier.Load(from, new() { Threads = options.Threads });

        string Save(string name, Encoder of)
        {
            string to = Path.Combine(folder, name);
            Traits int8 = new(Precision.Int8);
            ModelFolder.Save(of.Model with { Traits = int8 }, to, of.Model.Tokenizer!.Files());
            return to;
        }
    }

    static void Write(List<ServedSide> sides)
    {
        Console.WriteLine("clients  server                      requests/s   p50 ms   p99 ms");
        foreach (int clients in Clients)
        {
            foreach (ServedSide side in sides)
            {
                ServedSide.Figures f = side.Of(clients);
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
            var (bound, ours, theirs) = AtEqualP99(
                sides.Select(s => (Func<int, ServedSide.Figures>)s.Of),
                clients
            );
            double[] ratios =
            [
                .. Enumerable
                    .Range(0, sides[0].Rounds)
                    .Select(round => AtEqualP99(sides.Select(s => s.In(round)), clients))
                    .Select(f => f.Ours / f.Theirs)
                    .Order(),
            ];
            Console.WriteLine(
                $"{bound, 6:0.0} ms: {ours, 5:0.0} against {theirs, 5:0.0} requests/s, {ours / theirs:0.00}x; in a round {ratios[0]:0.00} to {ratios[^1]:0.00}"
            );
        }
    }

    /// <summary>What the best way of ONNX Runtime holds with so many clients, and the most that ours holds with any at no higher p99; 0: nothing.</summary>
    static (double Bound, double Ours, double Theirs) AtEqualP99(
        IEnumerable<Func<int, ServedSide.Figures>> sides,
        int clients
    )
    {
        Func<int, ServedSide.Figures>[] of = [.. sides];
        ServedSide.Figures theirs = of.Skip(Ours).Select(s => s(clients)).MaxBy(f => f.PerSecond)!;
        double ours = Clients
            .Select(of[0])
            .Where(f => f.P99 <= theirs.P99)
            .Select(f => f.PerSecond)
            .DefaultIfEmpty(0)
            .Max();
        return (theirs.P99, ours, theirs.PerSecond);
    }

    static async Task Arrive(int rounds, List<ServedSide> sides, byte[][] bodies)
    {
        double[] most = [.. sides.Select(s => Clients.Max(c => s.Of(c).PerSecond))];
        var seen = new List<ServedSide.Figures>[sides.Count, Shares.Length];
        for (int round = 0; round < rounds; round++)
        {
            for (int share = 0; share < Shares.Length; share++)
            {
                for (int turn = 0; turn < sides.Count; turn++)
                {
                    int side = round % 2 == 0 ? turn : sides.Count - 1 - turn;
                    double perSecond = Shares[share] * most[side];
                    ulong seed = (ulong)(1 + round);
                    var figures = await sides[side].Arrive(bodies, perSecond, Arriving, seed);
                    (seen[side, share] ??= []).Add(figures);
                }
            }
        }

        double P99(int side, int share) => Spread.Median([.. seen[side, share].Select(f => f.P99)]);
        string Row(IEnumerable<string> cells) =>
            string.Join("  ", cells.Select(c => $"{c, Column}"));
        string names = Row(sides.Select(s => s.Name));
        Console.WriteLine(
            $"\nRequests at random times, {rounds} rounds of {Arriving.TotalSeconds} s: requests/s, and p99 in ms from when they were due\n"
        );
        Console.WriteLine($"share  {names}");
        for (int share = 0; share < Shares.Length; share++)
        {
            Console.WriteLine(
                $"{Shares[share], 5:0.0}  "
                    + Row(
                        sides.Select(
                            (_, side) => $"{Shares[share] * most[side]:0} in {P99(side, share):0.0}"
                        )
                    )
            );
        }

        Console.WriteLine("\nMost of them whose p99 is below a bound:\n");
        Console.WriteLine($"   ms  {names}  over the best");
        foreach (double bound in Bounds)
        {
            double[] held =
            [
                .. sides.Select(
                    (_, side) =>
                        Enumerable
                            .Range(0, Shares.Length)
                            .Where(share => P99(side, share) <= bound)
                            .Select(share => Shares[share] * most[side])
                            .DefaultIfEmpty(0)
                            .Max()
                ),
            ];
            double best = held.Skip(Ours).Max();
            Console.WriteLine(
                $"{bound, 5:0}  {Row(held.Select(h => h > 0 ? $"{h:0}" : "none"))}  "
                    + (best > 0 ? $"{held[0] / best, 12:0.00}x" : "")
            );
        }
    }
}
