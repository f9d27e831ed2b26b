using Espalier.Data;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Parsing;

/// <summary>Which data a command works on, not read yet: a task by name (and folder), or files.</summary>
sealed record TaskSource(string Task, string? Folder, TableFiles? Files)
{
    /// <summary>What it is measured by first; null where there is no such task.</summary>
    public Metric? Primary =>
        Files is { IsRegression: true } ? Metric.Pearson
        : Files is not null ? Metric.Accuracy
        : Tasks.All.FirstOrDefault(t => t.Name == Task)?.Primary;

    /// <param name="labels">Those of a model, for files that come without a training file; null where it is trained anew.</param>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    public TaskData Load(IReadOnlyList<string>? labels = null) =>
        UsageException.Of(() =>
            Files is null ? Tasks.Load(Task, Folder)
            : Files.Train is null && !Files.IsRegression ? (Files with { Labels = labels }).Load()
            : Files.Load()
        );
}
