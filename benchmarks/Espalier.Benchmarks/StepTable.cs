using System.Diagnostics;
using System.Globalization;
using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Benchmarks;

/// <summary>
/// One step of fine-tuning, forward to optimizer, against the time that its multiply-adds alone would take at the peak
/// probed in the same rounds. Arguments: folder or GGUF file of a model, rounds (9), sequences (8), tokens of each (53), kernels (all
/// of the best family: fp32, bf16), threads (2 and 1), and "checkpointing" for gradient checkpointing. One kind of kernels on one number of threads is also looked at part by part, and
/// has the process' memory to itself. What neighbours take of the cores is in the milliseconds and not in those of the processor.
/// </summary>
static class StepTable
{
    sealed record Case(
        string Name,
        int Threads,
        int StepsOfRound,
        StepParts Parts,
        Func<double> Peak,
        Action Step,
        double Work
    )
    {
        public List<double> Milliseconds { get; } = [];
        public List<double> OfProcessor { get; } = [];
        public List<double> Ratios { get; } = [];
    }

    public static void Run(string[] arguments)
    {
        string model = arguments[0],
            precision = arguments.Length > 4 ? arguments[4] : "";
        int rounds = Number(1, 9),
            sequences = Number(2, 8),
            length = Number(3, 53),
            threads = Number(5, 0);
        Retained retained = arguments.Length > 6 ? Retained.Inputs : Retained.Values;
        using Workers one = new(1),
            two = new(2);
        KernelFamily kernels = KernelFamily.Best;
        List<Case> cases = [];
        foreach (
            Workers workers in new[] { two, one }.Where(w => threads == 0 || threads == w.Threads)
        )
        {
            if (precision is "" or "fp32")
            {
                Add(kernels, () => FmaProbe.Measure() * 1e9);
            }

            if (precision is "" or "bf16" && kernels.Bf16 is { } bf16)
            {
                Add(bf16, DotPeak.Bf16);
            }

            void Add(KernelFamily of, Func<double> peak) =>
                cases.Add(Build(model, sequences, length, workers, of, retained, peak));
        }

        PeakMemory? memory = new MemoryMeter().During(() => Measure(cases, rounds));
        Console.WriteLine(
            $"fine-tuning step, {sequences} x {length} tokens, {Path.GetFileName(model)}; medians and quartiles, n = {rounds} rounds"
        );
        Console.WriteLine(
            $"{"kernels", -18}{"threads", 8}{"ms", 9}{"quartiles", 17}{"over the floor", 16}{"CPU ms of a thread", 20}"
        );
        foreach (Case each in cases)
        {
            Console.WriteLine(
                $"{each.Name, -18}{each.Threads, 8}{Spread.Median(each.Milliseconds), 9:F1}"
                    + $"{Spread.Quartiles(each.Milliseconds), 17}{Spread.Median(each.Ratios), 15:F2}x"
                    + $"{Spread.Median(each.OfProcessor), 20:F1}"
            );
        }

        if (cases is [var only])
        {
            only.Parts.Write(Console.Out);
            Console.WriteLine($"  at most in memory {memory?.Bytes / 1e6, 19:F0} MB");
        }

        int Number(int at, int otherwise) =>
            arguments.Length > at
                ? int.Parse(arguments[at], NumberStyles.None, CultureInfo.InvariantCulture)
                : otherwise;
    }

    static void Measure(List<Case> cases, int rounds)
    {
        for (int round = -1; round < rounds; round++)
        {
            foreach (Case each in cases)
            {
                double before = each.Peak();
                if (round == 0)
                {
                    each.Parts.Begin();
                }

                TimeSpan used = Environment.CpuUsage.TotalTime;
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < each.StepsOfRound; i++)
                {
                    each.Step();
                }

                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / each.StepsOfRound,
                    processor =
                        (Environment.CpuUsage.TotalTime - used).TotalMilliseconds
                        / each.StepsOfRound
                        / each.Threads,
                    peak = each.Threads * Math.Max(before, each.Peak());
                if (round >= 0)
                {
                    each.Milliseconds.Add(1e3 * seconds);
                    each.OfProcessor.Add(processor);
                    each.Ratios.Add(seconds / (each.Work / peak));
                }
            }
        }
    }

    static Case Build(
        string folder,
        int sequences,
        int length,
        Workers workers,
        KernelFamily kernels,
        Retained retained,
        Func<double> peak
    )
    {
        Rng rng = new(1);
        Answers? answers = File.Exists(folder) ? null : new Answers(["no", "yes"], false, rng);
        Model model = ModelFolder.Load(folder, answers).Model;
        StepParts parts = new(model.Config.Vocabulary);
        KernelFamily timed = parts.Of(kernels);
        ModelGraph graph = new(model);
        Tape tape = new(workers, timed);
        AdamW optimizer = new(graph.Trained, workers, timed, TrainingOptions.Fast);
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
        double work = 6 * Products();
        return new Case(
            kernels.Name,
            workers.Threads,
            work > 1e11 ? 1 : 3,
            parts,
            peak,
            Step,
            work
        );

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
            Variable logits = graph.Forward(tape, batch, retained: retained).LastLogits,
                loss = model.Config.IsLanguage
                    ? tape.NextToken(logits, batch.NextTokens())
                    : tape.CrossEntropy(logits, batch.Labels);
            multiplyAdds = tape.Cost.MultiplyAdds;
            tape.Backward(loss);
            optimizer.Step(5e-5, optimizer.GradientNorm(), tape);
            parts.Stepped();
        }
    }
}
