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
        terminal.Out.WriteLine(
            $"{recipe.Pipeline} on {Shown.Whole(recipe.Data.Task.Name)}: {first.Examples} test examples; time at batch {recipe.BatchSize}, "
                + $"median of {first.MillisecondsPerExample!.N} interleaved rounds of {first.TimedExamples} examples"
        );
        terminal.Write(
            [
                "stage",
                "effort",
                $"{first.Metrics[0].Metric} %",
                "ms/example",
                "speed-up",
                "disk",
                "in memory",
                "mJ/example",
                "seconds",
            ],
            stages.Select(Row)
        );
        foreach (string why in stages.Zip(stages.Skip(1), WhyNotFaster).OfType<string>())
        {
            terminal.Out.WriteLine(why);
        }

        terminal.Out.WriteLine(
            $"In brackets: 95 % intervals. In memory: packed weights and tables; on disk every model keeps full precision. Energy: {first.EnergySource}."
        );
        terminal.Out.WriteLine(
            $"{first.Machine.Processor}, {first.Machine.Threads} threads, kernels {first.Machine.Kernels}, load {first.Machine.LoadAverage:0.0} at the start."
        );
        terminal.Out.WriteLine();
        CurvePlot.Write(terminal.Out, stages, Math.Min(terminal.Width, 90));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(
            $"{Shown.Whole(folder)}: {RunFolder.JsonName}, {RunFolder.CurveName}, and a model folder for each stage."
        );
    }

    static IReadOnlyList<string> Row(MeasuredStage stage)
    {
        Measurement row = stage.Row;
        return
        [
            stage.Stage.Pipeline,
            $"{row.Effort}",
            Percent(row.Metrics[0]),
            With(row.MillisecondsPerExample!, 1, "0.00"),
            stage.SpeedUp is { } speedUp ? $"{speedUp.Value:0.0}x" : "",
            Shown.Bytes(row.DiskBytes ?? 0),
            Shown.Bytes(row.PackedBytes ?? 0),
            $"{1000 * row.JoulesPerExample!.Value:0.0} {row.JoulesPerExample.Origin.ToString().ToLowerInvariant()}",
            stage.Stage.Seconds > 0 ? $"{stage.Stage.Seconds:0}" : "read",
        ];
    }

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
                ? $"at {stage.Row.Effort} an example passes {stage.Row.AverageLayers:0.00} of {config.Layers.Count} layers on average, "
                    + "and every exit on the way costs a classifier"
            : stage.Row.AverageMultiplyAdds >= before.Row.AverageMultiplyAdds
                ? $"it takes {stage.Row.AverageMultiplyAdds / 1e6:0.0} M multiply-adds an example, before {before.Row.AverageMultiplyAdds / 1e6:0.0} M"
            : "the difference is smaller than what these rounds can tell";
        return $"{stage.Stage.Pipeline} is {ratio.Value:0.00}x{interval} as fast as {before.Stage.Pipeline}: {why}.";
    }

    static string Percent(Quality quality) =>
        quality.Value is not { } value ? $"undefined: {quality.WhyUndefined}"
        : quality is { Low: { } low, High: { } high }
            ? $"{100 * value:0.0} [{100 * low:0.0}, {100 * high:0.0}]"
        : $"{100 * value:0.0}";

    static string With(Estimate estimate, double factor, string format) =>
        estimate is { Low: { } low, High: { } high }
            ? $"{(factor * estimate.Value).ToString(format)} [{(factor * low).ToString(format)}, {(factor * high).ToString(format)}]"
            : (factor * estimate.Value).ToString(format);
}
