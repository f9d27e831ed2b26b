using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Tensors;
using Espalier.Tests.Analysis;

namespace Espalier.Tests.Planning;

/// <summary>
/// Every pipeline of a space with figures as a study of MiniLM gives them: L and exits take most of the time away, P and Q
/// together are not the product in time, and each training differs from another.
/// </summary>
/// <param name="lateStudent">What of the quality D leaves where it comes behind E.</param>
/// <param name="sitting">By how much all times of a seed shift together, as a standard deviation of logarithms.</param>
/// <param name="timing">By how much each time is off beside that.</param>
sealed class MadeUpStudy(
    ulong key,
    double noise = 0.003,
    double joint = 0.85,
    double lateStudent = 1,
    double sitting = 0,
    double timing = 0.01
)
{
    public IReadOnlyList<Measurement> Of(PlanSpace space, params ReadOnlySpan<ulong> seeds)
    {
        List<Measurement> all = [];
        foreach (ulong seed in seeds)
        {
            all.AddRange(space.Contenders.Select(c => Measure(c.Pipeline, c.Effort, seed)));
        }

        return all;
    }

    public Measurement Measure(string pipeline, Effort effort, ulong seed)
    {
        double time = 24,
            quality = 0.91,
            student = 1,
            exit = 1,
            bytes = 59e6;
        bool pruned = false;
        foreach (Operator o in Pipeline.Parse(pipeline).Operators)
        {
            switch (o)
            {
                case Distill d:
                    student = d.Layers.Value;
                    quality *= 1 - 0.04 * Math.Pow(1 - student, 2);
                    quality *= exit < 1 ? lateStudent : 1;
                    bytes *= 0.4 + 0.6 * student;
                    break;
                case EarlyExit:
                    double threshold = effort == Effort.Full ? 1.02 : effort.Threshold;
                    exit = 0.15 + 0.85 * Math.Pow(Math.Max(0, 2 * threshold - 1), 2);
                    quality *= 1 - 0.12 * Math.Pow(Math.Max(0, 1 - threshold), 1.5);
                    break;
                case Prune p:
                    double left = p.Heads.Value / 3 + 2 * p.FeedForward.Value / 3;
                    time *= 0.2 + 0.8 * left;
                    quality *= 1 - 0.05 * Math.Pow(1 - left, 2);
                    bytes *= 0.5 + 0.5 * left;
                    pruned = true;
                    break;
                case DynamicLength:
                    time *= 0.2;
                    break;
                case Quantize:
                    time *= 0.5 * (pruned ? joint : 1);
                    quality *= 0.997;
                    bytes *= 0.4;
                    break;
            }
        }

        // Only trained operators have luck; L and Q share that of the model they take.
        string trained = string.Concat(
            Pipeline.Parse(pipeline).Operators.Where(o => o.Group != Group.II).Select(o => $"{o}")
        );
        Rng rng = new Rng(key).Split($"{trained} {seed}"),
            original = new Rng(key).Split($"{seed}");
        time *= pipeline.Contains('E') ? 0.15 + (exit - 0.15) * student : student;
        time *= Math.Exp(
            sitting * original.Split("sitting").Normal(0)
                + timing * new Rng(key).Split($"{pipeline} {effort} {seed}").Normal(0)
        );
        return Records.Of(
            pipeline,
            Math.Min(1, quality * Math.Exp(noise * rng.Normal(0) + 3 * noise * original.Normal(0))),
            time,
            seed,
            $"{effort}",
            bytes: (long)bytes
        ) with
        {
            AverageLayers = pipeline.Contains('E') ? Math.Max(1, 6 * student * exit) : 6 * student,
        };
    }
}
