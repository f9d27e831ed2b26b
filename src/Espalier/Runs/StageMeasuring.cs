using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Runs;

/// <summary>A stage with what was measured of it.</summary>
/// <param name="Row">At full effort, or at the recipe's where the model has exits: what stands in tables.</param>
/// <param name="Curve">At every effort that was run, cheapest first.</param>
/// <param name="SpeedUp">Of the row over the first stage, in pairs of rounds; null for the first.</param>
/// <param name="SpeedUpOverPrevious">The same over the stage before.</param>
public sealed record MeasuredStage(
    Stage Stage,
    Measurement Row,
    IReadOnlyList<Measurement> Curve,
    Estimate? SpeedUp,
    Estimate? SpeedUpOverPrevious
)
{
    /// <summary>Quality at many more efforts, without time.</summary>
    public required QualityCurve Quality { get; init; }
}

/// <summary>All stages that were measured side by side, and what each answered.</summary>
public sealed record MeasuredStages(IReadOnlyList<MeasuredStage> Stages, StoredAnswers Answers);

/// <summary>
/// Measures all stages of a run side by side: quality on the test split from one pass each, then time over the same split
/// in interleaved rounds of every stage and effort.
/// </summary>
/// <param name="machine">As it was before anything ran.</param>
public sealed class StageMeasuring(
    Workers workers,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time
)
{
    const int QualityBatch = 32;
    const int CurvePoints = 6;
    const string Timing = "time per example of all stages, in turn";

    /// <summary>Thresholds of the curves of quality.</summary>
    public const int DensePoints = 33;

    // A run's first command takes a minute in all; three passes are the fewest with a median.
    internal static readonly Passes Passes = new(Seconds: 6, Least: 3);

    public MeasuredStages Measure(
        Recipe recipe,
        IReadOnlyList<Stage> stages,
        RunListener listener,
        CancellationToken stop
    ) =>
        Measure(
            recipe,
            stages,
            stage => new EffortGrid(stage == stages[^1] ? CurvePoints : 1),
            DensePoints,
            Passes,
            listener,
            stop
        );

    /// <param name="efforts">Of each stage with exits; the recipe's and the first exit are measured beside them.</param>
    /// <param name="dense">Thresholds at which quality is told without time; 0: only where time is.</param>
    public MeasuredStages Measure(
        Recipe recipe,
        IReadOnlyList<Stage> stages,
        Func<Stage, EffortGrid> efforts,
        int dense,
        Passes passes,
        RunListener listener,
        CancellationToken stop
    )
    {
        List<Subject> subjects = [];
        EncodedTask? task = null;
        foreach (Stage stage in stages)
        {
            listener.Measuring?.Invoke(
                $"quality of {stage.Pipeline}",
                (double)subjects.Count / stages.Count
            );
            int length = Math.Min(recipe.MaxLength, stage.Model.Config.MaxLength);
            task =
                task?.With(stage.Model.Tokenizer!)
                ?? new EncodedTask(recipe.Data, stage.Model.Tokenizer!, length);
            subjects.Add(Judge(recipe, stage, task, efforts(stage), dense, stop));
        }

        string sitting = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        double? load = Machine.Load();
        SplitCandidate[][] candidates = Candidates(recipe, subjects);
        PeakMemory?[][] peaks =
        [
            .. candidates.Select(own =>
                own.Select(c => new MemoryMeter().During(() => c.AnswerBlock(0))).ToArray()
            ),
        ];
        SplitComparison comparison = new SplitMeter(time).Compare(
            [.. candidates.SelectMany(c => c)],
            passes,
            new Rng(recipe.Seed).Split("rounds"),
            done => listener.Measuring?.Invoke(Timing, done),
            stop
        );
        if (!comparison.Settled)
        {
            listener.Note?.Invoke(
                $"Times: {comparison.Passes} passes took the time there was, and some interval is wider than {100 * passes.Width:0} % of its value."
            );
        }

        string first = Name(subjects[0], Effort.Full);
        List<MeasuredStage> measured = [];
        foreach (var (subject, i) in subjects.Select((s, i) => (s, i)))
        {
            Measurement[] curve =
            [
                .. subject
                    .Points.Select(
                        (p, place) =>
                        {
                            string name = Name(subject, p.Effort);
                            PeakMemory? peak = peaks[i][place];
                            return Describe(recipe, subject, p) with
                            {
                                Sitting = sitting,
                                SittingLoad = load,
                                SpeedUp = name == first ? null : comparison.SpeedUp(name, first),
                                PeakMemory = peak,
                                Absent = peak is null
                                    ? [new AbsentFigure("peak_memory", "the system does not tell")]
                                    : [],
                            };
                        }
                    )
                    .Select(m =>
                        m.With(comparison[Name(subject, m.Effort)], comparison.EnergySource)
                    )
                    .OrderBy(m => m.AverageLayers),
            ];
            string row = Name(subject, subject.Row);
            measured.Add(
                new MeasuredStage(
                    subject.Stage,
                    curve.First(m => m.Effort == subject.Row),
                    curve,
                    i == 0 ? null : comparison.SpeedUp(row, Name(subjects[0], subjects[0].Row)),
                    i == 0
                        ? null
                        : comparison.SpeedUp(row, Name(subjects[i - 1], subjects[i - 1].Row))
                )
                {
                    Quality = QualityCurve.Of(
                        curve[0],
                        subject.Dense,
                        recipe.Data.Task.Metrics,
                        subject.MultiplyAdds
                    ),
                }
            );
        }

        return new MeasuredStages(measured, AnswersOf(recipe, subjects));
    }

    /// <summary>A stage whose answers are known, before its time is.</summary>
    /// <param name="Points">At the efforts that are timed.</param>
    /// <param name="Dense">At those that only quality is told of, the others among them, cheapest first.</param>
    sealed record Subject(
        Stage Stage,
        Session Session,
        EncodedTask Task,
        ExitRecord Record,
        Effort Row,
        IReadOnlyList<EffortAnswers> Points,
        IReadOnlyList<EffortAnswers> Dense
    )
    {
        public bool Pads => !Stage.Model.Traits.DynamicLength;

        public double MultiplyAdds(EffortAnswers at) =>
            at.AverageMultiplyAdds(!Pads, Task.MaxLength);
    }

    Subject Judge(
        Recipe recipe,
        Stage stage,
        EncodedTask task,
        EffortGrid grid,
        int dense,
        CancellationToken stop
    )
    {
        ModelConfig config = stage.Model.Config;
        Session session = new(stage.Model, workers, kernels, task.MaxLength);

        // Padding changes no answer (a test compares them), so quality is judged without it.
        Model packed = stage.Model with
        {
            Traits = stage.Model.Traits with { DynamicLength = true },
        };
        Session judge = new(packed, workers, kernels, null);
        ExitRecord record = QualityMeter.Run(
            judge,
            [.. task.Test.Batches(QualityBatch)],
            cancel: stop
        );
        Effort row = config.HasExits ? RowEffort(recipe, config) : Effort.Full;
        List<Effort> efforts = [Effort.Full];
        if (config.HasExits)
        {
            IReadOnlyList<Effort> curve = grid.For(
                config,
                () => QualityMeter.Run(judge, [.. task.Tuning.Batches(QualityBatch)], cancel: stop)
            );
            efforts = [.. curve.Append(Effort.First).Append(row).Append(Effort.Full).Distinct()];
        }

        EffortAnswers[] points = [.. efforts.Select(record.At)];
        return new Subject(
            stage,
            session,
            task,
            record,
            row,
            points,
            [
                .. points
                    .Concat(
                        (dense > 0 ? Efforts.Dense(config, dense) : [])
                            .Except(efforts)
                            .Select(record.At)
                    )
                    .OrderBy(a => a.AverageLayers),
            ]
        );
    }

    /// <summary>
    /// All points of all stages on one sample of the test split: the smallest, from two hundred examples up, under which
    /// tokens and layers of every point are the split's.
    /// </summary>
    static SplitCandidate[][] Candidates(Recipe recipe, IReadOnlyList<Subject> subjects)
    {
        int[][] tokens = [.. subjects.Select(s => TokensOf(s.Task.Test))];
        for (int examples = TimedSample.LeastExamples; ; examples *= 2)
        {
            TimedSample sample = TimedSample.Of(tokens[0], recipe.BatchSize, examples),
                few = sample.Few();
            SplitCandidate[][] all =
            [
                .. subjects.Select((subject, i) => Of(subject, tokens[i], sample, few)),
            ];
            if (
                sample.IsWhole
                || all.All(own => own.All(c => c.Describe(c.Calibrate(), 1).Problem() is null))
            )
            {
                return all;
            }
        }
    }

    static SplitCandidate[] Of(Subject subject, int[] tokens, TimedSample sample, TimedSample few)
    {
        Dictionary<int[], Batch> batches = sample.Batches.ToDictionary(
            b => b,
            b => subject.Task.Test.Take(b)
        );
        return
        [
            .. subject.Points.Select(point =>
            {
                IReadOnlyList<int> layers = point.LayersPassed;

                // Padded and through the same layers, every example costs the same.
                bool alike = subject.Pads && layers.Min() == layers.Max();
                return SplitCandidate.Of(
                    Name(subject, point.Effort),
                    subject.Session,
                    point.Effort,
                    alike ? few : sample,
                    tokens,
                    layers,
                    alike,
                    b => batches[b]
                );
            }),
        ];
    }

    Measurement Describe(Recipe recipe, Subject subject, EffortAnswers answers) =>
        new()
        {
            Pipeline = subject.Stage.Pipeline,
            Stage =
                subject.Stage.Model.History.Count > 0 ? subject.Stage.Model.History[^1].Text : "",
            Task = recipe.Data.Task.Name,
            Split = subject.Task.Test.Name,
            Effort = answers.Effort,
            Seeds = [recipe.Seed],
            Examples = subject.Record.Count,
            Metrics = answers.Measure(recipe.Data.Task.Metrics),
            AverageLayers = answers.AverageLayers,
            AverageMultiplyAdds = subject.MultiplyAdds(answers),
            BatchSize = recipe.BatchSize,
            DiskBytes = Bytes(subject.Stage.Folder),
            PackedBytes = subject.Session.Bytes,
            Machine = machine,
        };

    static StoredAnswers AnswersOf(Recipe recipe, IReadOnlyList<Subject> subjects) =>
        new()
        {
            Task = recipe.Data.Task.Name,
            Split = subjects[0].Task.Test.Name,
            Seeds = [recipe.Seed],
            DataSha256 = recipe.Data.ContentHash(),
            Labels = recipe.Data.Task.IsRegression ? null : [.. recipe.Data.Task.Labels],
            Examples = subjects[0].Record.Count,
            Truth = StoredAnswers.TruthOf(subjects[0].Record),
            Models =
            [
                .. subjects.Select(s =>
                    StoredAnswers.Of(s.Stage.Pipeline, s.Record, [.. s.Dense.Select(a => a.Effort)])
                ),
            ],
        };

    /// <summary>A predicted number has no confidence, so models of numbers stand in the table at a patience of 1.</summary>
    static Effort RowEffort(Recipe recipe, ModelConfig config) =>
        config.Regression
        && recipe.Effort.Rule is not (ExitRule.Patience or ExitRule.Exit or ExitRule.Never)
            ? new Effort(ExitRule.Patience, 1)
            : recipe.Effort;

    static string Name(Subject subject, Effort effort) => $"{subject.Stage.Pipeline} {effort}";

    static int[] TokensOf(EncodedSplit split) =>
        [.. Enumerable.Range(0, split.Count).Select(i => split[i].Ids.Length)];

    static long Bytes(string folder) =>
        new DirectoryInfo(folder)
            .EnumerateFiles()
            .Sum(f =>
                f.Name == StageStore.KeyName ? 0
                : f.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target.Length
                : f.Length
            );
}
