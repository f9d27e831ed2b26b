using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Checkpoints;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Reports;

/// <summary>What a study will do and what it found, for a person and as JSON.</summary>
static class StudyReport
{
    public static void WritePlan(Terminal terminal, StudyEstimate estimate, string store, bool json)
    {
        if (json)
        {
            JsonText.Document(
                terminal.Out,
                writer =>
                {
                    writer.Objects(
                        "stages",
                        estimate.Stages,
                        item =>
                        {
                            var (stage, isDone, seconds) = item;
                            writer.WriteString("key", stage.Key.Hex);
                            writer.WriteString("pipeline", $"{stage.Pipeline}");
                            writer.WriteString("task", stage.Recipe.Data.Task.Name);
                            writer.WriteNumber("seed", stage.Recipe.Seed);
                            writer.WriteBoolean("done", isDone);
                            writer.WriteNumber("core_seconds", Math.Round(seconds, 1));
                        }
                    );
                    writer.WriteNumber("groups_to_measure", estimate.GroupsToMeasure);
                    writer.WriteNumber("seconds", Math.Round(estimate.Seconds));
                    writer.WriteNumber("bytes", estimate.Bytes);
                    writer.WriteString("rule", estimate.Rule);
                }
            );
            return;
        }

        terminal.Write(
            ["stage", "task", "seed", "key", "state", "core-seconds"],
            estimate.Stages.Select(s =>
                new[]
                {
                    $"{s.Stage.Pipeline}",
                    s.Stage.Recipe.Data.Task.Name,
                    $"{s.Stage.Recipe.Seed}",
                    s.Stage.Key.Short,
                    s.Done ? "done" : "to do",
                    s.Done || !s.Stage.Operator.Trains ? "" : $"{s.CoreSeconds:0}",
                }
            )
        );
        int done = estimate.Stages.Count(s => s.Done);
        terminal.Say(
            $"{estimate.Stages.Count} stages, {done} done; {estimate.GroupsToMeasure} groups of models to measure. "
                + $"About {Shown.Duration(TimeSpan.FromSeconds(Math.Ceiling(estimate.Seconds)))} and {Shown.Bytes(estimate.Bytes)} more in {Shown.Whole(store)}."
        );
        terminal.Say(estimate.Rule);
    }

    public static void Write(
        Terminal terminal,
        StudyRecipe recipe,
        StudyOutcome outcome,
        string output,
        bool json
    )
    {
        foreach (StageFailure failure in outcome.Failures)
        {
            terminal.Tell($"{failure.Stage}, failed: {failure.Why}");
        }

        if (json)
        {
            terminal.Out.Write(
                System.Text.Encoding.UTF8.GetString(StudyResults.Json(outcome.Measurements))
            );
            return;
        }

        foreach (var group in outcome.Measurements.GroupBy(m => (m.Task, m.BatchSize)))
        {
            WriteTable(terminal, recipe, group.Key.Task, group.Key.BatchSize, [.. group]);
        }

        terminal.Say(
            $"{Shown.Whole(output)}: {StudyResults.JsonName} and {StudyResults.CsvName}, {outcome.Measurements.Count} measurements at all efforts."
        );
    }

    static void WriteTable(
        Terminal terminal,
        StudyRecipe recipe,
        string task,
        int batch,
        IReadOnlyList<Measurement> all
    )
    {
        Metric metric = all[0].Primary.Kind;
        terminal.Say(
            $"{Shown.Whole(task)}: {all[0].Examples} test {metric.Over}, {(metric.IsOfText ? "time of a written token" : $"time at batch {batch}")}; means over seeds with 95 % intervals; models with early exits at {recipe.Effort}"
        );
        IGrouping<string, Measurement>[] rows =
        [
            .. all.GroupBy(m => m.Pipeline).Select(g => Row(g, recipe.Effort)),
        ];
        terminal.Write(
            [
                "pipeline",
                "seeds",
                metric.Header(),
                $"ms/{metric.Per}",
                $"speed-up over {rows[0].Key}",
                "layers",
                "M multiply-adds",
                "memory MB",
            ],
            rows.Select(r => (Point: MeanPoint.Of([.. r], [.. rows[0]], AnsweredExamples.None), r))
                .Select(p =>
                    new[]
                    {
                        p.Point.Pipeline,
                        $"{p.Point.Seeds}",
                        p.Point.Quality is { } q ? Shown.Interval(metric, q) : "undefined",
                        Shown.Milliseconds(p.Point.Milliseconds!),
                        p.Point.SpeedUp is { } speedUp ? $"{speedUp.Value:0.00}x" : "",
                        $"{p.Point.Layers:0.00}",
                        $"{p.r.Average(m => m.AverageMultiplyAdds) / 1e6:0.0}",
                        $"{(p.Point.Bytes?.Value ?? 0) / 1e6:0.0}",
                    }
                )
        );
    }

    /// <summary>Of one pipeline, for each seed the measurement at the table's effort, else at full.</summary>
    static IGrouping<string, Measurement> Row(
        IGrouping<string, Measurement> pipeline,
        Effort effort
    ) =>
        pipeline
            .GroupBy(m => m.Seeds[0])
            .Select(s =>
                s.FirstOrDefault(m => m.Effort == effort)
                ?? s.FirstOrDefault(m =>
                    m.Effort.Rule == ExitRule.Patience && m.Effort != Effort.Full
                )
                ?? s.First(m => m.Effort == Effort.Full)
            )
            .GroupBy(_ => pipeline.Key)
            .Single();
}
