using System.Text.Json;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Benchmarks.Peers;

/// <summary>
/// Espalier beside ONNX Runtime, in turns of one run, on the same token ids with as many threads. Both compute the
/// states behind the last layer; ours goes on to a classifier over one pooled row for each sequence.
/// </summary>
static class PeersTable
{
    const string Usage =
        "Usage: -- peers --models DIR [--data DIR] [--threads 2] [--rounds 11] [--only TEXT]; "
        + "DIR of models holds all-MiniLM-L6-v2, that of data mrpc.";
    const int WarmUps = 2;

    // Its threads spin for 30 to 40 ms behind a call unless told otherwise, on the core that we need for our turn.
    // With a millisecond it is as fast within a turn (measured; results/zen4/peers.md), and no spinning at all
    // costs it a third at batch 1.
    public static readonly (string Key, string Value)[] Settings =
    [
        ("session.intra_op.spin_duration_us", "1000"),
        ("session.dynamic_block_base", "4"),
    ];

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    public static int Run(string[] arguments)
    {
        PeerOptions? options = PeerOptions.Parse(arguments);
        if (options is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        string temporary = Directory.CreateTempSubdirectory("espalier-peers").FullName;
        try
        {
            using Workers workers = new(options.Threads);
            using PeerProcess peer = new();
            WriteHead(options, peer);
            foreach (PeerCase each in Cases(options, workers, peer, temporary))
            {
                double likeness = each.Likeness(peer);
                for (int round = 0; round < WarmUps + options.Rounds; round++)
                {
                    if (round == WarmUps)
                    {
                        each.OurMilliseconds.Clear();
                        each.TheirMilliseconds.Clear();
                    }

                    each.Round(peer, round, Pause);
                }

                Write(each, likeness);
            }

            return 0;
        }
        catch (InvalidDataException refused)
        {
            Console.Error.WriteLine(refused.Message);
            return 3;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    static void WriteHead(PeerOptions options, PeerProcess peer)
    {
        JsonElement version = peer.Ask(new() { ["do"] = "version" });
        Machine machine = Machine.Here(KernelFamily.Best, options.Threads);
        Console.WriteLine(
            $"{machine.Processor} family {machine.Family} model {machine.Model}, kernels {machine.Kernels}, threads "
                + $"{options.Threads} + {options.Threads}, load {machine.LoadAverage}; Espalier {machine.Espalier}, "
                + $"{machine.Runtime}; ONNX Runtime {version.GetProperty("onnxruntime")}, node {version.GetProperty("node")}"
        );
        Console.WriteLine(
            $"ms per batch: median and best of {options.Rounds} rounds; ratio theirs / ours: median [95 % interval]"
        );
        Console.WriteLine(
            $"{"case", -28}{"ours ms", 9}{"best", 9}{"theirs ms", 11}{"best", 9}  {"ratio", -20}cosine"
        );
    }

    static void Write(PeerCase each, double likeness)
    {
        Estimate ratio = each.Ratio;
        string shown = $"{ratio.Value:F2}x [{ratio.Low:F2}, {ratio.High:F2}]";
        Console.WriteLine(
            $"{each.Name, -28}{Statistics.Median(each.OurMilliseconds).Value, 9:F2}{each.OurMilliseconds.Min(), 9:F2}"
                + $"{Statistics.Median(each.TheirMilliseconds).Value, 11:F2}{each.TheirMilliseconds.Min(), 9:F2}"
                + $"  {shown, -20}{likeness:F4}"
        );
    }

    /// <summary>Made one after another, so that a case's memory is free when the next begins.</summary>
    static IEnumerable<PeerCase> Cases(
        PeerOptions options,
        Workers workers,
        PeerProcess peer,
        string temporary
    )
    {
        Lazy<Encoder> mini = new(() => Encoder.MiniLm(options.Models).OfAllRows),
            large = new(() => Encoder.Base(temporary).OfAllRows);
        KernelFamily plain = KernelFamily.Best;
        Rng rng = new(7);
        IReadOnlyList<Batch> One(Encoder e) => [Batches.Drawn(e.Model.Config, 1, 40, rng)];
        IReadOnlyList<Batch> Many(Encoder e) => [Batches.Drawn(e.Model.Config, 32, 40, rng)];
        IReadOnlyList<Batch> Mrpc(Encoder e) => Batches.Mrpc(options.Data!, e.Model, rng);
        HashSet<string> loaded = [];

        PeerCase? Case(
            string name,
            Lazy<Encoder> of,
            Precision precision,
            KernelFamily? kernels,
            Func<Encoder, IReadOnlyList<Batch>> drawn,
            int passes,
            int parts = 1
        )
        {
            if (kernels is null || !name.Contains(options.Only, StringComparison.Ordinal))
            {
                return null;
            }

            Encoder encoder = of.Value;
            string file = precision == Precision.Int8 ? encoder.Int8 : encoder.Fp32;
            if (loaded.Add(file))
            {
                peer.Load(file, options.Threads, Settings);
            }

            IReadOnlyList<Batch> batches = drawn(encoder);
            peer.Feed(file, batches, encoder.Model.Config.PadId);
            Model model = encoder.Model with
            {
                Traits = new Traits(precision, DynamicLength: true),
            };
            Session session = new(model, workers, kernels, padTo: null);
            return new PeerCase(name, session, file, batches, parts, passes);
        }

        const Precision fp32 = Precision.Fp32,
            int8 = Precision.Int8;
        Func<PeerCase?>[] all =
        [
            () => Case("MiniLM int8 1x40", mini, int8, plain, One, 60),
            () => Case("MiniLM int8 32x40", mini, int8, plain, Many, 4),
            () =>
                options.Data is null
                    ? null
                    : Case("MiniLM int8 MRPC test", mini, int8, plain, Mrpc, 1, parts: 9),
            () => Case("MiniLM fp32 1x40", mini, fp32, plain, One, 30),
            () => Case("MiniLM fp32 32x40", mini, fp32, plain, Many, 3),
            () => Case("MiniLM bf16 1x40 to fp32", mini, fp32, plain.Bf16, One, 40),
            () => Case("MiniLM bf16 32x40 to fp32", mini, fp32, plain.Bf16, Many, 3),
            () => Case("base int8 1x40", large, int8, plain, One, 12),
            () => Case("base int8 32x40", large, int8, plain, Many, 1),
        ];
        return all.Select(make => make()).OfType<PeerCase>();
    }
}
