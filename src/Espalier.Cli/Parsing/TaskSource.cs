using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Data.Metrics;
using Espalier.Hub;

namespace Espalier.Cli.Parsing;

/// <summary>Which data a command works on, not read yet: a task by name (and folder), or files.</summary>
sealed record TaskSource(string Task, string? Folder, TableFiles? Files)
{
    /// <summary>What data of one's own are called.</summary>
    public const string OwnName = "custom";

    /// <summary>From where data come that are on the Hugging Face hub.</summary>
    public HubClient? Hub { get; init; }

    /// <summary>Running text of one's own, in place of tables.</summary>
    public CorpusFiles? Texts { get; init; }

    /// <summary>Null where there is no such task.</summary>
    public TaskKind? Kind =>
        Texts is not null ? new Corpus()
        : Files is null ? Tasks.TryFind(Task)?.Kind
        : Files.IsRegression ? new Scored()
        : new Labelled(Files.Labels ?? []);

    /// <summary>What it is measured by first; null where there is no such task.</summary>
    public Metric? Primary =>
        Texts is not null ? Metric.Perplexity
        : Files is { IsRegression: true } ? Metric.Pearson
        : Files is not null ? Metric.Accuracy
        : Tasks.TryFind(Task)?.Primary;

    /// <param name="labels">Those of a model, for files that come without a training file; null where it is trained anew.</param>
    /// <exception cref="InvalidDataException">The files are refused: one sentence for each problem.</exception>
    public TaskData Load(IReadOnlyList<string>? labels = null) =>
        UsageException.Of(() =>
            Texts is not null
                ? Texts.Load(CorpusFiles.Define(OwnName, "Text of one's own", "unknown"), Hub)
            : Files is null ? Tasks.Load(Task, Folder, Hub)
            : Files.Train is null && !Files.IsRegression
                ? (Files with { Labels = labels }).Load(Hub)
            : Files.Load(Hub)
        );
}
