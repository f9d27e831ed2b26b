using System.Text.Json;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>Measurements as a study leaves them, made up: product rule plus noise of seeds, order PE worse than EP.</summary>
static class SyntheticStudy
{
    static readonly (string Pipeline, double Time, double Quality, double Megabytes)[] Pipelines =
    [
        ("O", 1, 0, 58.9),
        ("D", 0.5, -0.012, 37.7),
        ("P(heads=6)", 0.62, -0.015, 43),
        ("E", 1, 0.004, 62),
        ("DE", 0.5, -0.011, 38.8),
        ("ED", 0.51, -0.012, 38.8),
        ("EP(heads=6)", 0.62, -0.012, 44),
        ("P(heads=6)E", 0.63, -0.052, 44),
        ("DEP(heads=6)", 0.31, -0.026, 29.4),
        ("L", 0.17, 0, 58.9),
        ("Q", 0.5, -0.003, 25.5),
        ("DL", 0.085, -0.012, 37.7),
        ("DELQ", 0.043, -0.016, 20.6),
    ];

    // Layers are of six; a student has half of them behind the first.
    static readonly (string Text, double Time, double Loss, double Layers)[] Efforts =
    [
        ("confidence:0.6", 0.32, 0.09, 1),
        ("confidence:0.8", 0.45, 0.035, 2.6),
        ("confidence:0.9", 0.61, 0.012, 3.5),
        ("confidence:0.95", 0.8, 0.003, 4.4),
        ("full", 1.04, 0, 6),
    ];

    public static IReadOnlyList<Measurement> Of(
        int seeds = 4,
        string task = "sentiment",
        string? extra = null
    )
    {
        Rng rng = new(7);
        ulong drawn = 0;
        double Noise() => rng.Normal(drawn++);
        List<Measurement> all = [];
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            double original = 0.91 + 0.008 * Noise();
            foreach (var (pipeline, time, change, megabytes) in Pipelines)
            {
                double own = 0.004 * Noise();
                bool hasExits = pipeline.Contains('E');
                foreach (var effort in hasExits ? Efforts : Efforts[^1..])
                {
                    double quality = original + change + own - effort.Loss,
                        exact = Math.Round(600 * Math.Min(quality, 1)) / 600,
                        ms = 24 * time * (hasExits ? effort.Time : 1) * (1 + 0.02 * Noise());
                    double layers = hasExits ? effort.Layers : 6;
                    all.Add(
                        One(pipeline, task, effort.Text, seed, exact, ms, megabytes) with
                        {
                            AverageLayers = pipeline.Contains('D')
                                ? 1 + (layers - 1) * 0.4
                                : layers,
                        }
                    );
                }
            }
        }

        if (extra is not null)
        {
            all.Add(One(extra, task, "full", 1, 0.5, 30, 50));
        }

        return all;
    }

    /// <summary>As <c>espalier study</c> writes them.</summary>
    public static byte[] Json(IReadOnlyList<Measurement> measurements)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            foreach (Measurement m in measurements)
            {
                m.WriteTo(json);
            }

            json.WriteEndArray();
        }

        return stream.ToArray();
    }

    /// <summary>Every model with exits at many efforts without a time, each a tenth of a layer on, between those of the study.</summary>
    public static byte[] Curves(IReadOnlyList<Measurement> measurements)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            foreach (
                Measurement[] run in measurements
                    .GroupBy(m => (m.Pipeline, m.Seeds[0]))
                    .Select(g => g.OrderBy(m => m.AverageLayers).ToArray())
                    .Where(r => r.Length > 1)
            )
            {
                double[] layers =
                [
                    .. Enumerable
                        .Range(1, (int)Math.Round(10 * (run[^1].AverageLayers - 1)) - 1)
                        .Select(i => 1 + 0.1 * i),
                ];
                double?[] quality = [.. layers.Select(l => (double?)Between(run, l))];
                new QualityCurve
                {
                    Pipeline = run[0].Pipeline,
                    Stage = run[0].Stage,
                    Task = run[0].Task,
                    Split = run[0].Split,
                    Seeds = run[0].Seeds,
                    Examples = run[0].Examples,
                    BatchSize = run[0].BatchSize,
                    Efforts =
                    [
                        .. layers.Select(l => new Effort(ExitRule.Confidence, 0.001 * l + 0.9)),
                    ],
                    AverageLayers = layers,
                    AverageMultiplyAdds = layers,
                    Metrics =
                    [
                        new CurveMetric(
                            "accuracy",
                            quality,
                            [.. quality.Select(q => q - 0.02)],
                            [.. quality.Select(q => Math.Min(1, q!.Value + 0.02))],
                            [.. quality.Select(_ => (string?)null)]
                        ),
                    ],
                    Machine = run[0].Machine,
                }.WriteTo(json);
            }

            json.WriteEndArray();
        }

        return stream.ToArray();
    }

    /// <summary>As many right answers as each measurement says; of the truth nine in ten are of one class.</summary>
    public static IEnumerable<StoredAnswers> Answers(IReadOnlyList<Measurement> measurements) =>
        from run in measurements.GroupBy(m => (m.Task, m.Seeds[0]))
        let examples = run.First().Examples
        let truth = (byte[])
            [.. Enumerable.Range(0, examples).Select(i => (byte)(i % 10 == 0 ? 0 : 1))]
        select new StoredAnswers
        {
            Task = run.Key.Task,
            Split = "test",
            Seeds = run.First().Seeds,
            DataSha256 = "made up",
            Labels = ["bad", "good"],
            Examples = examples,
            Truth = truth,
            Models =
            [
                .. run.GroupBy(m => m.Pipeline)
                    .Select(g => new ModelAnswers(
                        g.Key,
                        g.Count(),
                        [.. g.SelectMany(m => Said(m, truth))],
                        [.. g.Select(m => m.Effort)],
                        [.. g.SelectMany((_, exit) => Enumerable.Repeat((byte)exit, examples))]
                    )),
            ],
        };

    /// <summary>The first examples wrong, the others right.</summary>
    static IEnumerable<byte> Said(Measurement m, byte[] truth)
    {
        int wrong = (int)Math.Round(truth.Length * (1 - m.Metrics[0].Value!.Value));
        return truth.Select((right, i) => i < wrong ? (byte)(1 - right) : right);
    }

    static double Between(Measurement[] run, double layers)
    {
        int right = Array.FindIndex(run, m => m.AverageLayers >= layers);
        Measurement a = run[right - 1],
            b = run[right];
        double share = (layers - a.AverageLayers) / (b.AverageLayers - a.AverageLayers);
        return a.Metrics[0].Value!.Value
            + share * (b.Metrics[0].Value!.Value - a.Metrics[0].Value!.Value);
    }

    static Measurement One(
        string pipeline,
        string task,
        string effort,
        ulong seed,
        double quality,
        double ms,
        double megabytes
    ) =>
        new()
        {
            Pipeline = pipeline,
            Stage = pipeline[^1..],
            Task = task,
            Split = "test",
            Effort = Effort.Parse(effort),
            Seeds = [seed],
            Examples = 600,
            Metrics =
            [
                new Quality(
                    "accuracy",
                    quality,
                    quality - 0.02,
                    Math.Min(1, quality + 0.02),
                    600,
                    null
                ),
            ],
            AverageLayers = 6,
            AverageMultiplyAdds = 1e8 * ms,
            BatchSize = 1,
            TimedExamples = 32,
            MillisecondsPerExample = new Estimate(ms, 0.97 * ms, 1.03 * ms, 21, Origin.Measured)
            {
                Coverage = 0.96,
            },
            CoreSecondsPerExample = new Estimate(ms / 500, ms / 510, ms / 490, 21, Origin.Measured),
            JoulesPerExample = new Estimate(
                ms * 0.0055,
                ms * 0.003,
                ms * 0.008,
                21,
                Origin.Modelled
            ),
            EnergySource = "core-seconds × 5.5 W per busy core",
            DiskBytes = (long)(1.1e6 * megabytes),
            PackedBytes = (long)(1e6 * megabytes),
            PeakMemory = new PeakMemory(300_000_000, null, PeakScope.Process),
            Machine = new Machine
            {
                Processor = "AMD EPYC",
                LogicalProcessors = 2,
                MemoryBytes = 25_300_000_000,
                OperatingSystem = "Debian GNU/Linux 12",
                Runtime = ".NET 10.0.12",
                Kernels = "avx512-vnni",
                Threads = 2,
                LoadAverage = 1.5,
                IsVirtual = true,
                Espalier = "0.1.0",
            },
        };
}
