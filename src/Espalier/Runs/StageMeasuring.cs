using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Runs;

/// <summary>A stage with what was measured of it.</summary>
/// <param name="Row">At full effort, or at the recipe's where the model has exits: what stands in tables.</param>
/// <param name="Curve">At every effort that was run, cheapest first.</param>
/// <param name="SpeedUp">Of the row over the first stage, from the quotient within each round; null for the first.</param>
/// <param name="SpeedUpOverPrevious">The same over the stage before.</param>
public sealed record MeasuredStage(
    Stage Stage,
    Measurement Row,
    IReadOnlyList<Measurement> Curve,
    Estimate? SpeedUp,
    Estimate? SpeedUpOverPrevious
);

/// <summary>
/// Measures all stages of a run side by side: quality on the test split from one pass each, then time in interleaved
/// rounds over every stage and effort.
/// </summary>
/// <param name="machine">As it was before anything ran.</param>
public sealed class StageMeasuring(
    Workers workers,
    KernelFamily kernels,
    Machine machine,
    TimeProvider time
)
{
    // Enough for a median within some percent, few enough that ten rounds over all stages take seconds.
    const int TimedExamples = 32;

    // Padded to one length and through all layers, every example costs the same.
    const int AlikeExamples = 8;
    const int QualityBatch = 32;
    const int CurvePoints = 6;
    const string Timing = "time per example of all stages, in turn";
    const string Judging = "quality of all stages";
    internal static readonly Rounds Rounds = new(Seconds: 6, Least: 9, Most: 41);

    public IReadOnlyList<MeasuredStage> Measure(
        Recipe recipe,
        IReadOnlyList<Stage> stages,
        RunListener listener,
        CancellationToken stop
    ) =>
        Measure(
            recipe,
            stages,
            stage => new EffortGrid(stage == stages[^1] ? CurvePoints : 1),
            Rounds,
            listener,
            stop
        );

    /// <param name="efforts">Of each stage with exits; the recipe's is measured beside them.</param>
    public IReadOnlyList<MeasuredStage> Measure(
        Recipe recipe,
        IReadOnlyList<Stage> stages,
        Func<Stage, EffortGrid> efforts,
        Rounds rounds,
        RunListener listener,
        CancellationToken stop
    )
    {
        List<Subject> subjects = [];
        EncodedTask? task = null;
        foreach (Stage stage in stages)
        {
            void Judged(double share) =>
                listener.Measuring?.Invoke(Judging, (subjects.Count + share) / stages.Count);
            Judged(0);
            int length = Math.Min(recipe.MaxLength, stage.Model.Config.MaxLength);
            task =
                task?.With(stage.Model.Tokenizer!)
                ?? new EncodedTask(recipe.Data, stage.Model.Tokenizer!, length);
            subjects.Add(Judge(recipe, stage, task, efforts(stage), Judged, stop));
        }

        Comparison comparison = new TimeMeter(time).Compare(
            [.. subjects.SelectMany(s => s.Candidates)],
            rounds,
            new Rng(recipe.Seed).Split("rounds"),
            done => listener.Measuring?.Invoke(Timing, done),
            stop
        );
        if (!comparison.Settled)
        {
            listener.Note?.Invoke(
                $"Times: {comparison.Rounds} rounds took the time there was, and some interval is wider than {100 * rounds.Width:0} % of its median."
            );
        }

        return
        [
            .. subjects.Select(
                (subject, i) =>
                {
                    Measurement[] curve = [.. subject.Curve.Select(m => Timed(m, comparison))];
                    return new MeasuredStage(
                        subject.Stage,
                        Timed(subject.Row, comparison),
                        curve,
                        i == 0
                            ? null
                            : comparison.SpeedUp(Name(subject.Row), Name(subjects[0].Row)),
                        i == 0
                            ? null
                            : comparison.SpeedUp(Name(subject.Row), Name(subjects[i - 1].Row))
                    );
                }
            ),
        ];
    }

    sealed record Subject(
        Stage Stage,
        Measurement Row,
        IReadOnlyList<Measurement> Curve,
        IReadOnlyList<Candidate> Candidates
    );

    Subject Judge(
        Recipe recipe,
        Stage stage,
        EncodedTask task,
        EffortGrid grid,
        Action<double> report,
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
            report,
            stop
        );
        Effort row = config.HasExits ? RowEffort(recipe, config) : Effort.Full;
        List<Effort> efforts = [Effort.Full];
        if (config.HasExits)
        {
            IReadOnlyList<Effort> curve = grid.For(
                config,
                () => QualityMeter.Run(judge, [.. task.Tuning.Batches(QualityBatch)], cancel: stop)
            );
            efforts = [.. curve.Append(row).Append(Effort.Full).Distinct()];
        }

        Batch[] timed = TimedBatches(task.Test, recipe.BatchSize, TimedExamples),
            alike = TimedBatches(task.Test, recipe.BatchSize, AlikeExamples);
        Candidate At(string name, Effort effort) =>
            Candidate.Of(
                name,
                session,
                !stage.Model.Traits.DynamicLength && effort == Effort.Full ? alike : timed,
                effort
            );
        Measurement[] measurements =
        [
            .. efforts
                .Select(effort =>
                {
                    EffortAnswers answers = record.At(effort);
                    PeakMemory? peak = new MemoryMeter().During(At("", effort).Answer);
                    return new Measurement
                    {
                        Pipeline = stage.Pipeline,
                        Stage = stage.Model.History.Count > 0 ? stage.Model.History[^1].Text : "",
                        Task = recipe.Data.Task.Name,
                        Split = task.Test.Name,
                        Effort = effort,
                        Seeds = [recipe.Seed],
                        Examples = record.Count,
                        Metrics = answers.Measure(recipe.Data.Task.Metrics),
                        AverageLayers = answers.AverageLayers,
                        AverageMultiplyAdds = answers.AverageMultiplyAdds(
                            stage.Model.Traits.DynamicLength,
                            task.MaxLength
                        ),
                        BatchSize = recipe.BatchSize,
                        DiskBytes = Bytes(stage.Folder),
                        PackedBytes = session.Bytes,
                        PeakMemory = peak,
                        Machine = machine,
                        Absent = peak is null
                            ? [new AbsentFigure("peak_memory", "the system does not tell")]
                            : [],
                    };
                })
                .OrderBy(m => m.AverageLayers),
        ];
        Candidate[] candidates = [.. measurements.Select(m => At(Name(m), m.Effort))];
        return new Subject(
            stage,
            measurements.First(m => m.Effort == row),
            measurements,
            candidates
        );
    }

    /// <summary>A predicted number has no confidence, so models of numbers stand in the table at a patience of 1.</summary>
    static Effort RowEffort(Recipe recipe, ModelConfig config) =>
        config.Regression && recipe.Effort.Rule is not (ExitRule.Patience or ExitRule.Never)
            ? new Effort(ExitRule.Patience, 1)
            : recipe.Effort;

    static Measurement Timed(Measurement measurement, Comparison comparison) =>
        measurement.With(comparison[Name(measurement)], comparison.EnergySource);

    static string Name(Measurement m) => $"{m.Pipeline} {m.Effort}";

    /// <summary>Examples spread evenly over the test split as it is ordered, in batches.</summary>
    static Batch[] TimedBatches(EncodedSplit test, int size, int examples)
    {
        int count = Math.Min(test.Count, Math.Max(examples, size));
        int[] chosen =
        [
            .. Enumerable.Range(0, count).Select(i => (int)((long)i * test.Count / count)),
        ];
        return [.. chosen.Chunk(size).Select(examples => test.Take(examples))];
    }

    static long Bytes(string folder) =>
        new DirectoryInfo(folder)
            .EnumerateFiles()
            .Sum(f => f.Name == StageStore.KeyName ? 0 : ModelFolder.BytesOf(f));
}
