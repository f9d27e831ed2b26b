using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Benchmarks.Peers;

/// <summary>
/// Espalier beside ONNX Runtime, in turns of one run, on the same token ids with as many threads. The peer's states
/// are those behind the last layer; ours go on to a classifier over one pooled row for each sequence.
/// </summary>
static class PeersTable
{
    const string Usage =
        "Usage: -- peers --models DIR [--data DIR] [--threads 2] [--rounds 11] [--only TEXT]; "
        + "DIR of models holds all-MiniLM-L6-v2, that of data mrpc.";

    // Its threads spin for 30 to 40 ms behind a call unless told otherwise, on the core that we need for our turn.
    // With a millisecond it is as fast within a turn (measured; results/zen4/peers.md), and no spinning at all
    // costs it a third at batch 1.
    static readonly JsonObject Config = new()
    {
        ["session.intra_op.spin_duration_us"] = "1000",
        ["session.dynamic_block_base"] = "4",
    };

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    public static int Run(string[] arguments)
    {
        PeerOptions? options = PeerOptions.Parse(arguments);
        if (options is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using Workers workers = new(options.Threads);
        using PeerProcess peer = new();
        JsonElement version = peer.Ask(new() { ["do"] = "version" });
        Machine machine = Machine.Here(KernelFamily.Best, options.Threads);
        Console.WriteLine(
            $"{machine.Processor}, {options.Threads} threads on both sides, kernels {machine.Kernels}, "
                + $"load {machine.LoadAverage}; ONNX Runtime {version.GetProperty("onnxruntime")} in node "
                + $"{version.GetProperty("node")}; median of {options.Rounds} rounds [95 % interval]"
        );
        Console.WriteLine(
            $"{"case", -34}{"ours ms", 10}{"best", 9}{"theirs ms", 11}{"best", 9}{"  ratio", -7}"
        );
        foreach (PeerCase each in Cases(options, workers, peer))
        {
            for (int round = -2; round < options.Rounds; round++)
            {
                each.Round(peer, round + 2, Pause);
                if (round < 0)
                {
                    each.OurMilliseconds.Clear();
                    each.TheirMilliseconds.Clear();
                }
            }

            Estimate ratio = each.Ratio;
            Console.WriteLine(
                $"{each.Name, -34}{Statistics.Median(each.OurMilliseconds).Value, 10:F2}{each.OurMilliseconds.Min(), 9:F2}"
                    + $"{Statistics.Median(each.TheirMilliseconds).Value, 11:F2}{each.TheirMilliseconds.Min(), 9:F2}"
                    + $"  {ratio.Value:F2}x [{ratio.Low:F2}, {ratio.High:F2}]"
            );
        }

        return 0;
    }

    /// <summary>One after another, so that a case's memory is gone when the next begins.</summary>
    static IEnumerable<PeerCase> Cases(PeerOptions options, Workers workers, PeerProcess peer)
    {
        string folder = Path.Combine(options.Models, "all-MiniLM-L6-v2");
        Model model = ModelFolder
            .Load(folder, new Answers(["no", "yes"], false, new Rng(1)))
            .Model with
        {
            Tokenizer = Tokenizer.Load(folder),
        };
        HashSet<string> loaded = [];

        PeerCase? Case(string name, Precision precision, string file, Func<IReadOnlyList<Batch>> of, int passes)
        {
            if (!name.Contains(options.Only, StringComparison.Ordinal))
            {
                return null;
            }

            if (loaded.Add(file))
            {
                peer.Load(file, Path.Combine(folder, file), options.Threads, (JsonObject)Config.DeepClone());
            }

            IReadOnlyList<Batch> batches = of();
            peer.Feed(file, batches, model.Config.PadId);
            Model traits = model with { Traits = new Traits(precision, DynamicLength: true) };
            return new PeerCase(
                name,
                new Session(traits, workers, KernelFamily.Best, padTo: null),
                file,
                batches,
                passes
            );
        }

        Rng rng = new(7);
        IReadOnlyList<Batch> One() => [Batches.Drawn(model.Config, 1, 40, rng)];
        IReadOnlyList<Batch> Many() => [Batches.Drawn(model.Config, 32, 40, rng)];
        IEnumerable<Func<PeerCase?>> all =
        [
            () => Case("MiniLM int8 1x40", Precision.Int8, "model_int8.onnx", One, 60),
            () => Case("MiniLM int8 32x40", Precision.Int8, "model_int8.onnx", Many, 4),
            () => options.Data is { } data
                ? Case("MiniLM int8 MRPC test", Precision.Int8, "model_int8.onnx", () => Batches.Mrpc(data, model, rng), 1)
                : null,
            () => Case("MiniLM fp32 1x40", Precision.Fp32, "model.onnx", One, 30),
            () => Case("MiniLM fp32 32x40", Precision.Fp32, "model.onnx", Many, 3),
            () => Enum.TryParse("Bf16", out Precision bf16)
                ? Case("MiniLM bf16 32x40, theirs fp32", bf16, "model.onnx", Many, 3)
                : null,
        ];
        return all.Select(make => make()).OfType<PeerCase>();
    }
}
