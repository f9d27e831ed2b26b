using System.CommandLine;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Measuring;

namespace Espalier.Cli.Commands;

/// <summary>Lists the tasks that are known by name, and how other data is given.</summary>
sealed class TasksCommand : EspalierCommand
{
    static readonly string[] Ways =
    [
        "Built-in tasks need no files.",
        "GLUE's tasks are read from a folder with GLUE's own files: --task mrpc --data folder.",
        "Data of your own: --train a.csv --test b.csv --text column [--text-pair column] --label column "
            + "(.csv, .tsv or .jsonl; --regression where labels are numbers to predict).",
        "Texts for language models: a folder with train.txt, validation.txt and test.txt (or WikiText's own files): --task wikitext2 "
            + "--data folder; your own: --test a.txt [--train b.txt] [--validation c.txt].",
    ];

    readonly CommonOptions _common = new();

    public TasksCommand()
        : base("tasks", "List the tasks, their metrics and licences, and how to give data.") =>
        Add(_common.Format);

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier tasks", "espalier tasks --format json"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems) =>
        _common.CheckFormat(parse, problems);

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        (TaskDefinition Task, TaskData? Data)[] tasks =
        [
            .. Tasks.All.Select(t => (t, t.IsShipped ? Tasks.Load(t.Name) : null)),
        ];
        if (_common.IsJson(parse))
        {
            WriteJson(terminal.Out, tasks);
            return ExitCode.Ok;
        }

        terminal.Write(
            ["task", "what", "labels", "metrics", "train", "test", "licence", "data"],
            tasks.Select(t => Row(t.Task, t.Data))
        );
        terminal.Say(Ways);

        return ExitCode.Ok;
    }

    static IReadOnlyList<string> Row(TaskDefinition task, TaskData? data) =>
        [
            task.Name,
            task.Title + (task.HasPairs ? " (pairs)" : ""),
            task.IsRegression ? "number"
            : task.Kind is Corpus ? "next token"
            : $"{task.Labels.Count}",
            string.Join(", ", task.Metrics),
            $"{data?.Training.Count}",
            $"{data?.Test.Count}",
            task.Licence,
            data is null ? "--data folder" : "built in",
        ];

    static void WriteJson(TextWriter output, (TaskDefinition, TaskData?)[] tasks) =>
        JsonText.Document(
            output,
            json =>
            {
                json.Objects(
                    "tasks",
                    tasks,
                    item =>
                    {
                        var (task, data) = item;
                        json.WriteString("name", task.Name);
                        json.WriteString("title", task.Title);
                        json.WriteBoolean("regression", task.IsRegression);
                        json.WriteBoolean("pairs", task.HasPairs);
                        json.Array("labels", task.Labels, json.WriteStringValue);
                        json.Array(
                            "metrics",
                            task.Metrics.Select(m => m.Name),
                            json.WriteStringValue
                        );
                        json.WriteString("licence", task.Licence);
                        json.WriteBoolean("built_in", task.IsShipped);
                        json.OptionalNumber("train_rows", data?.Training.Count);
                        json.OptionalNumber("test_rows", data?.Test.Count);
                        json.WriteNumber("max_length", task.MaxLength);
                    }
                );

                json.Array("how_to_give_data", Ways, json.WriteStringValue);
            }
        );
}
