using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tensors;

namespace Espalier.Runs;

/// <summary>A finished stage with its model, whose weights are there no more once it is measured.</summary>
/// <param name="Seconds">How long the operator took in this call; null where the stage was there already.</param>
public sealed record Stage(PlannedStage Planned, StoredAction Action, Model Model, double? Seconds)
{
    /// <summary>The operators so far.</summary>
    public string Pipeline { get; } = $"{Planned.Pipeline}";
}

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

/// <summary>How models are measured side by side.</summary>
/// <param name="Efforts">Of each model with exits; the recipe's and the first exit are measured beside them.</param>
/// <param name="Dense">Thresholds at which quality is told without time; 0: only where time is.</param>
/// <param name="LeastPasses">Are run whatever they take; three are the fewest with a median.</param>
/// <param name="SecondsPerPoint">So much for each point of each curve.</param>
public sealed record MeasuringOptions(
    Func<PlannedStage, EffortGrid> Efforts,
    int Dense,
    int LeastPasses,
    double SecondsPerPoint
)
{
    /// <summary>Thresholds of the curves of quality.</summary>
    public const int DensePoints = 33;

    /// <summary>For all models of a sitting at least.</summary>
    internal const double LeastSeconds = 6;

    internal Passes Passes(int points) =>
        new(Math.Max(LeastSeconds, SecondsPerPoint * points), LeastPasses);
}

/// <summary>
/// Measures finished stages side by side: quality on the test split from one pass each, then time over
/// the same split in interleaved rounds of every stage and effort; of language models that of written tokens too.
/// </summary>
/// <param name="machine">As it was before anything ran.</param>
public sealed class StageMeasuring(
    Store store,
    EncodedTasks tasks,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time
)
{
    const int QualityBatch = 32;

    // A window takes as long as a hundred sentences.
    const int WindowsOfBlock = 1;

    // Share by which layers of timed tokens may differ from the split's and nobody is told.
    const double LayersApart = 0.05;

    // Of the tuning split, from which a language model's efforts are chosen: each is asked at each exit.
    const int MostTuningBatches = 4;
    const string Timing = "time per example of all stages, in turn";
    const string Judging = "quality of all stages";

    /// <param name="group">Stages that are not done are left out.</param>
    public MeasuredStages Measure(
        PlannedGroup group,
        MadeStages made,
        MeasuringOptions options,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using Workers workers = new(machine.Threads);
        Recipe recipe = Judged(group.Recipe);
        PlannedStage[] stages = [.. group.Models.Where(m => made.Done.ContainsKey(m.Key))];
        List<Subject> subjects = [];
        foreach (PlannedStage stage in stages)
        {
            void Report(double share) =>
                listener.Measuring?.Invoke(Judging, (subjects.Count + share) / stages.Length);
            Report(0);
            subjects.Add(Judge(recipe, Read(stage), options, workers, Report, stop));
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
        WrittenTimes[][] writing =
        [
            .. subjects.Select(
                (s, i) =>
                    s.Language is { } session
                        ? s
                            .Points.Zip(
                                candidates[i],
                                (point, scored) =>
                                    WrittenTimes.Of(
                                        session,
                                        s.Task.Test,
                                        scored,
                                        s.Packed.Model.Config.HasExits ? point.Effort : null
                                    )
                            )
                            .ToArray()
                        : []
            ),
        ];
        SplitCandidate[] all =
        [
            .. candidates.SelectMany(c => c),
            .. writing.SelectMany(w => w).SelectMany(w => (SplitCandidate[])[w.First, w.Further]),
        ];
        Passes passes = options.Passes(all.Length);
        SplitComparison comparison = new SplitMeter(time).Compare(
            all,
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

        // Of models that write, the time of a token is what they are compared by.
        WrittenTimes? WrittenAt(int subject, Effort effort) =>
            writing[subject] is { Length: > 0 } own
                ? own[subjects[subject].Points.ToList().FindIndex(p => p.Effort == effort)]
                : null;
        string TimedAs(int subject, Effort effort) =>
            WrittenAt(subject, effort)?.Further.Name ?? Name(subjects[subject], effort);
        string first = TimedAs(0, Effort.Full);
        List<MeasuredStage> measured = [];
        for (int i = 0; i < subjects.Count; i++)
        {
            Subject subject = subjects[i];
            Measurement[] curve =
            [
                .. subject.Points.Zip(peaks[i], Measured).OrderBy(m => m.AverageLayers),
            ];
            measured.Add(
                new MeasuredStage(
                    subject.Stage,
                    curve.First(m => m.Effort == subject.Row),
                    curve,
                    i == 0 ? null : Over(i, 0),
                    i == 0 ? null : Over(i, i - 1)
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

            Measurement Measured(EffortAnswers at, PeakMemory? peak)
            {
                WrittenTimes? written = WrittenAt(i, at.Effort);
                string name = Name(subject, at.Effort),
                    compared = written?.Further.Name ?? name;
                TellLayers(name, written, at);
                Measurement described = Describe(recipe, subject, at) with
                {
                    Sitting = sitting,
                    SittingLoad = load,
                    SpeedUp = compared == first ? null : comparison.SpeedUp(compared, first),
                    PeakMemory = peak,
                    Absent = peak is null
                        ? [new AbsentFigure("peak_memory", "the system does not tell")]
                        : [],
                };
                described = described.With(comparison[name], comparison.EnergySource);
                return written is null ? described : written.In(described, comparison);
            }
        }

        return new MeasuredStages(measured, AnswersOf(recipe, subjects));

        // Of a few texts tokens are timed, and they may leave elsewhere than the split's do.
        void TellLayers(string name, WrittenTimes? written, EffortAnswers at)
        {
            if (
                written?.AverageLayers is { } layers
                && Math.Abs(layers - at.AverageLayers) > LayersApart * at.AverageLayers
            )
            {
                listener.Note?.Invoke(
                    $"{name}: the tokens whose time was taken passed {layers:0.00} layers on average, those of the {subjects[0].Task.Test.Name} split {at.AverageLayers:0.00}."
                );
            }
        }

        Estimate Over(int subject, int other) =>
            comparison.SpeedUp(
                TimedAs(subject, subjects[subject].Row),
                TimedAs(other, subjects[other].Row)
            );

        Stage Read(PlannedStage stage)
        {
            StoredAction action = made.Done[stage.Key];
            return new Stage(
                stage,
                action,
                StageMaking.Load(store, action),
                made.Found.Contains(stage.Key) ? null : action.Seconds
            );
        }
    }

    /// <summary>With the split in the test split's place that the recipe wants models measured on.</summary>
    static Recipe Judged(Recipe recipe) =>
        recipe is { OnValidation: true, Data.Validation: { } validation }
            ? recipe with
            {
                Data = recipe.Data with { Test = validation },
            }
            : recipe;

    /// <summary>A stage whose answers are known, before its time is.</summary>
    /// <param name="Points">At the efforts that are timed.</param>
    /// <param name="Dense">At those that only quality is told of, the others among them, cheapest first.</param>
    /// <param name="Session">Of a classifier; of a language model <see cref="Language"/> is there instead.</param>
    sealed record Subject(
        Stage Stage,
        PackedModel Packed,
        Session? Session,
        LanguageSession? Language,
        EncodedTask Task,
        ExitRecord Record,
        Effort Row,
        IReadOnlyList<EffortAnswers> Points,
        IReadOnlyList<EffortAnswers> Dense
    )
    {
        public bool Pads => Session is not null && !Stage.Model.Traits.DynamicLength;

        /// <summary>Whether every example costs the same: it is padded and goes through the same layers, or is a window like all others.</summary>
        public bool IsAlike(IReadOnlyList<double> layers) =>
            (Pads || Language is not null) && layers.Min() == layers.Max();

        public double MultiplyAdds(EffortAnswers at) =>
            at.AverageMultiplyAdds(!Pads, Task.MaxLength);
    }

    Subject Judge(
        Recipe recipe,
        Stage stage,
        MeasuringOptions options,
        Workers workers,
        Action<double> report,
        CancellationToken stop
    )
    {
        EncodedTask task = tasks.For(recipe, stage.Model);
        ModelConfig config = stage.Model.Config;
        PackedModel packed = new PackedModel(stage.Model, workers, kernels).WithoutParameters();
        stage = stage with { Model = packed.Model };
        Session? session = config.IsLanguage ? null : new(packed, workers, task.MaxLength);
        LanguageSession? language = config.IsLanguage ? new(packed, workers, pads: true) : null;

        // Padding changes no answer (a test compares them), so quality is judged without it.
        Session? judge = config.IsLanguage ? null : new(packed, workers, padTo: null);
        ExitRecord Answers(EncodedSplit split, Action<double>? report = null) =>
            QualityMeter.Run(judge!, split.Batches(QualityBatch), report, stop);
        ExitRecord? answers = config.IsLanguage ? null : Answers(task.Test, report);
        Effort row = config.HasExits ? RowEffort(recipe, config) : Effort.Full;
        List<Effort> efforts = [Effort.Full];
        if (config.HasExits)
        {
            IReadOnlyList<Effort> curve = options
                .Efforts(stage.Planned)
                .For(
                    config,
                    count =>
                        language is null
                            ? Efforts.Spread(Answers(task.Tuning), count)
                            : Efforts.Spread(
                                config,
                                QualityMeter.Confidences(
                                    language,
                                    [.. task.Tuning.Windows().Take(MostTuningBatches)]
                                ),
                                count
                            )
                );
            efforts = [.. curve.Append(Effort.First).Append(row).Append(Effort.Full).Distinct()];
        }

        ExitRecord record =
            answers
            ?? QualityMeter.Run(language!, workers, task.Test.Windows(), efforts, report, stop);
        EffortAnswers[] points = [.. efforts.Select(record.At)];

        // At any other effort a language model would have to run again.
        IEnumerable<Effort> dense =
            options.Dense > 0 && !config.IsLanguage ? Efforts.Dense(config, options.Dense) : [];
        return new Subject(
            stage,
            packed,
            session,
            language,
            task,
            record,
            row,
            points,
            [
                .. points
                    .Concat(dense.Except(efforts).Select(record.At))
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
                few = recipe.Data.Task.Kind is Corpus
                    ? sample.Few(WindowsOfBlock * recipe.BatchSize)
                    : sample.Few();
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
                IReadOnlyList<double> layers = point.LayersPassed;
                bool alike = subject.IsAlike(layers);
                return subject.Language is { } language
                    ? SplitCandidate.Of(
                        Name(subject, point.Effort),
                        batch => language.Score(batch, point.Effort, static (_, _, _) => { }),
                        alike ? few : sample,
                        tokens,
                        layers,
                        alike,
                        b => batches[b]
                    )
                    : SplitCandidate.Of(
                        Name(subject, point.Effort),
                        subject.Session!,
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
            DiskBytes = subject.Stage.Action.Bytes,
            PackedBytes = subject.Packed.Bytes,
            Machine = machine,
        };

    static StoredAnswers AnswersOf(Recipe recipe, IReadOnlyList<Subject> subjects) =>
        new()
        {
            Task = recipe.Data.Task.Name,
            Split = subjects[0].Task.Test.Name,
            Seeds = [recipe.Seed],
            DataSha256 = recipe.Data.ContentHash(),
            Labels = recipe.Data.Task.Kind is Labelled labelled ? [.. labelled.Labels] : null,
            OfText = recipe.Data.Task.Kind is Corpus,
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
        [.. Enumerable.Range(0, split.Count).Select(i => split.Length(i))];
}
