using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Runs;

namespace Espalier.Cli.Reports;

/// <summary>What a run found, for a person: one row a stage, why a stage is not faster, a plot of the curve.</summary>
static class RunReport
{
    public static void Write(
        Terminal terminal,
        Recipe recipe,
        IReadOnlyList<MeasuredStage> stages,
        string folder
    )
    {
        Measurement first = stages[0].Row;
        bool exits = stages.Any(s => s.Stage.Model.Config.HasExits);
        terminal.Say(
            $"{recipe.Pipeline} on {Shown.Whole(recipe.Data.Task.Name)}: {first.Examples} test {first.Primary.Kind.Over}"
                + (exits ? $"; models with early exits at {stages[^1].Row.Effort}" : "")
        );
        terminal.Say(TimedOn(recipe, [.. stages.SelectMany(s => s.Curve)]));
        Column[] columns = [.. Columns(first).Where(c => terminal.Width >= c.From)];
        terminal.Write(
            [.. columns.Select(c => c.Header)],
            stages.Select(s => (IReadOnlyList<string>)[.. columns.Select(c => c.Cell(s))])
        );
        terminal.Say(stages.Zip(stages.Skip(1), WhyNotFaster).OfType<string>());
        terminal.Say(recipe.Pipeline.Remarks);

        terminal.Say(
            $"In brackets: 95 % intervals; that of {first.Primary.Metric} is over which {first.Primary.Kind.Over} are asked, that of a time over which are timed and the noise of this sitting. Neither covers another seed or day."
        );
        terminal.Say($"Memory: weights as a session packs them. Energy: {first.EnergySource}.");
        terminal.Say(
            $"{first.Machine.Processor}, {first.Machine.Threads} threads, kernels {first.Machine.Kernels}, load {(first.Machine.LoadAverage is { } load ? $"{load:0.0}" : "unknown")} at the start."
        );
        terminal.Out.WriteLine();
        CurvePlot.Write(terminal, stages);
        terminal.Out.WriteLine();
        terminal.Say(
            $"{Shown.Whole(folder)}: {RunFolder.JsonName}, {RunFolder.CurveName}, {RunFolder.CurvesName}, {RunFolder.AnswersName}, and a model folder for each stage."
        );
    }

    /// <summary>How times were taken, and how like its split the sample is.</summary>
    static string TimedOn(Recipe recipe, IReadOnlyList<Measurement> all)
    {
        TimedSet[] sets = [.. all.Select(m => m.Timed!).OrderBy(t => t.Examples)];
        TimedSet most = sets.Last(t => !t.Alike || sets.All(s => s.Alike));
        string which =
            most.Examples == most.SplitExamples
                ? $"all {most.Examples} test examples"
                : $"{most.Examples} of {most.SplitExamples} test examples, spread over their lengths ({most.PlainTokens:0.0} tokens on average, of all {most.SplitTokens:0.0})";
        return $"Time at batch {recipe.BatchSize}: on {which}, each {most.Passes} times in interleaved rounds"
            + (
                sets.Any(t => t.Alike) && !most.Alike
                    ? $"; on {sets.First(t => t.Alike).Examples} where padding makes all cost the same"
                    : ""
            )
            + ".";
    }

    /// <param name="From">Columns of a terminal from which the table has room for it.</param>
    sealed record Column(string Header, Func<MeasuredStage, string> Cell, int From = 0)
    {
        public static readonly Column[] OfLanguage =
        [
            new("ms to first", s => Took(s, Figure.MillisecondsToFirstToken), From: 94),
            new("ms/window", s => Took(s, Figure.Milliseconds), From: 106),
        ];

        static string Took(MeasuredStage stage, string figure) =>
            Shown.Milliseconds(stage.Row.Estimate(figure)!);
    }

    static IEnumerable<Column> Columns(Measurement first) =>
        [
            new("stage", s => s.Stage.Pipeline),
            new(first.Primary.Kind.Header(), s => Shown.Interval(s.Row.Primary)),
            new($"ms/{first.Primary.Kind.Per}", s => Shown.Milliseconds(s.Row.Milliseconds!)),
            .. first.Estimate(Figure.MillisecondsToFirstToken) is null ? [] : Column.OfLanguage,
            new("speed-up", s => s.SpeedUp is { } speedUp ? $"{speedUp.Value:0.0}x" : ""),
            new("M mult-adds", s => $"{s.Row.AverageMultiplyAdds / 1e6:0.0}", From: 94),
            new("disk MB", s => $"{s.Row.DiskBytes / 1e6:0.0}", From: 130),
            new("memory MB", s => $"{s.Row.PackedBytes / 1e6:0.0}", From: 106),
            new(
                $"mJ ({first.Joules!.Origin.ToString().ToLowerInvariant()})",
                s => $"{1000 * s.Row.Joules!.Value:0.0}"
            ),
            new(
                "made in s",
                s => s.Stage.Seconds is { } seconds ? $"{seconds:0}" : "read",
                From: 120
            ),
        ];

    /// <summary>Null where the stage is surely faster than the one before.</summary>
    static string? WhyNotFaster(MeasuredStage before, MeasuredStage stage)
    {
        if (stage.SpeedUpOverPrevious is not { } ratio || ratio.Low is > 1)
        {
            return null;
        }

        ModelConfig config = stage.Stage.Model.Config;
        string interval = ratio is { Low: { } low, High: { } high }
            ? $" [{low:0.00}, {high:0.00}]"
            : "";
        string why =
            config.HasExits && !before.Stage.Model.Config.HasExits
                ? $"at {stage.Row.Effort} {(config.IsLanguage ? "a token" : "an example")} passes {stage.Row.AverageLayers:0.00} of {config.Layers.Count} layers on average, "
                    + $"and every exit on the way costs {(config.IsLanguage ? "the head" : "a classifier")}"
            : stage.Row.AverageMultiplyAdds > before.Row.AverageMultiplyAdds
                ? $"it takes {stage.Row.AverageMultiplyAdds / 1e6:0.0} M multiply-adds an example, before {before.Row.AverageMultiplyAdds / 1e6:0.0} M"
            : ratio.High is < 1
                ? "it does no more multiply-adds, but the kernels take longer for them"
            : "the difference is smaller than what these rounds can tell";
        return $"{stage.Stage.Pipeline} is {ratio.Value:0.00}x{interval} as fast as {before.Stage.Pipeline}: {why}.";
    }
}
