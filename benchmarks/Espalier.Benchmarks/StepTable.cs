using System.Diagnostics;
using System.Globalization;
using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Benchmarks;

/// <summary>
/// One step of fine-tuning, forward to optimizer, against the time that its multiply-adds alone would take at the peak
/// probed in the same rounds. Arguments: folder of a model, rounds (9), sequences (8), tokens of each (53).
/// </summary>
static class StepTable
{
    const int StepsOfRound = 3;

    sealed record Case(string Name, int Threads, Func<double> Peak, Action Step, double Work)
    {
        public List<double> Milliseconds { get; } = [];
        public List<double> Ratios { get; } = [];
    }

    public static void Run(string[] arguments)
    {
        string folder = arguments[0];
        int rounds = arguments.Length > 1
                ? int.Parse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture)
                : 9,
            sequences = arguments.Length > 2
                ? int.Parse(arguments[2], NumberStyles.None, CultureInfo.InvariantCulture)
                : 8,
            length = arguments.Length > 3
                ? int.Parse(arguments[3], NumberStyles.None, CultureInfo.InvariantCulture)
                : 53;
        using Workers one = new(1),
            two = new(2);
        KernelFamily kernels = KernelFamily.Best;
        List<Case> cases = [];
        foreach (Workers workers in new[] { two, one })
        {
            cases.Add(
                Build(folder, sequences, length, workers, kernels, () => FmaProbe.Measure() * 1e9)
            );
            if (kernels.Bf16 is { } bf16)
            {
                cases.Add(Build(folder, sequences, length, workers, bf16, DotPeak.Bf16));
            }
        }

        for (int round = -1; round < rounds; round++)
        {
            foreach (Case each in cases)
            {
                double before = each.Peak();
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < StepsOfRound; i++)
                {
                    each.Step();
                }

                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / StepsOfRound,
                    peak = each.Threads * Math.Max(before, each.Peak());
                if (round >= 0)
                {
                    each.Milliseconds.Add(1e3 * seconds);
                    each.Ratios.Add(seconds / (each.Work / peak));
                }
            }
        }

        Console.WriteLine(
            $"fine-tuning step, {sequences} x {length} tokens, {folder}; medians and quartiles, n = {rounds} rounds"
        );
        Console.WriteLine(
            $"{"kernels", -18}{"threads", 8}{"ms", 9}{"quartiles", 15}{"over the floor", 16}"
        );
        foreach (Case each in cases)
        {
            Console.WriteLine(
                $"{each.Name, -18}{each.Threads, 8}{Spread.Median(each.Milliseconds), 9:F1}"
                    + $"{Spread.Quartiles(each.Milliseconds), 15}{Spread.Median(each.Ratios), 15:F2}x"
            );
        }
    }

    static Case Build(
        string folder,
        int sequences,
        int length,
        Workers workers,
        KernelFamily kernels,
        Func<double> peak
    )
    {
        Rng rng = new(1);
        Model model = ModelFolder.Load(folder, new Answers(["no", "yes"], false, rng)).Model;
        EncoderGraph graph = new(model);
        Tape tape = new(workers, kernels);
        AdamW optimizer = new(graph.Trained, workers, kernels, TrainingOptions.Fast);
        int tokens = sequences * length,
            step = 0;
        Batch[] batches =
        [
            .. Enumerable
                .Range(0, 16)
                .Select(b => new Batch
                {
                    Ids =
                    [
                        .. Enumerable
                            .Range(0, tokens)
                            .Select(t =>
                                (int)(
                                    rng.Split((ulong)b).Uniform((ulong)t) * model.Config.Vocabulary
                                )
                            ),
                    ],
                    TypeIds = new int[tokens],
                    Starts = [.. Enumerable.Range(0, sequences + 1).Select(s => s * length)],
                    Labels = [.. Enumerable.Range(0, sequences).Select(s => s % 2)],
                }),
        ];
        double multiplyAdds = 0;
        return new Case(kernels.Name, workers.Threads, peak, Step, 6 * Products());

        // Forward and twice as many backward, two operations each; the tape counts attention too.
        double Products()
        {
            Step();
            return multiplyAdds;
        }

        void Step()
        {
            Batch batch = batches[step++ % batches.Length];
            tape.Begin(rng.Split("dropout").Split((ulong)step));
            optimizer.Prepare(batch.Ids);
            Variable loss = tape.CrossEntropy(graph.Forward(tape, batch).LastLogits, batch.Labels);
            multiplyAdds = tape.Cost.MultiplyAdds;
            tape.Backward(loss);
            optimizer.Step(5e-5, optimizer.GradientNorm(), tape);
        }
    }
}
