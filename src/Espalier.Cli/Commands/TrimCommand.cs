using System.CommandLine;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Data;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Cli.Commands;

/// <summary>
/// Operator V on a bare encoder, for several tasks at once: how the built-in model was made. The encoder stays one, without
/// a classifier, and its weights keep the number format that is asked for.
/// </summary>
sealed class TrimCommand : EspalierCommand
{
    static readonly string[] Types = ["f16", "bf16", "f32"];

    readonly CommonOptions _common = new();
    readonly Option<string[]> _tasks = new Option<string[]>("--task", "-t")
    {
        Description =
            "A built-in task whose texts must stay readable as they are; several may be given.",
        HelpName = "name",
    }.Among(Tasks.All.Where(t => t.IsShipped).Select(t => t.Name));
    readonly Option<int> _first = OptionValues.Number(
        "--first",
        "Tokens at the front of the vocabulary that stay in any case.",
        0,
        1 << 24
    );
    readonly Option<string> _type = new Option<string>("--type")
    {
        Description = "Number format of the weights: f16, bf16 or f32.",
        HelpName = "name",
        DefaultValueFactory = _ => "f16",
    }.Among(Types);

    public TrimCommand()
        : base(
            "trim",
            "Trim the vocabulary of an encoder to what tasks need (operator V), without training."
        )
    {
        _first.DefaultValueFactory = _ => Vocabulary.UsualFirst;
        AddAll([_common.Model, _tasks, _first, _type, _common.Output]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier trim --model all-MiniLM-L6-v2 --task sentiment --task banking77 --first 5000 --output seedling",
        "espalier trim --model my-encoder --task banking77 --type f32 --output my-small-encoder",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        foreach (string task in parse.ValueOf(_tasks) ?? [])
        {
            problems.Try(() =>
            {
                if (!Tasks.Find(task).IsShipped)
                {
                    problems.Usage(
                        $"--task {task} is not built in; trim knows the texts of built-in tasks."
                    );
                }
            });
        }

        if (parse.ValueOf(_common.Output) is null)
        {
            problems.Usage("--output is missing; name the folder of the trimmed model.");
        }

        if (parse.ValueOf(_type) is { } type && !Types.Contains(type))
        {
            problems.Usage(OptionValues.NoneOf(_type.Name, type, Types));
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string folder = _common.ModelFolder(parse, terminal);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        terminal.Tell(tokenizer.Notes);

        Model model = ModelFolder.LoadEncoder(folder) with { Tokenizer = tokenizer };
        IEnumerable<string> texts = (parse.GetValue(_tasks) ?? [])
            .Select(name => Tasks.Load(name, null))
            .SelectMany(data =>
                ((Split?[])[data.Train, data.Validation, data.Test]).OfType<Split>()
            )
            .SelectMany(split => split.Examples)
            .SelectMany(Vocabulary.Texts);
        Model trimmed = Vocabulary.Trimmed(model, texts, parse.GetValue(_first));
        string output = parse.GetValue(_common.Output)!;
        using (AtomicFolder place = AtomicFolder.Begin(output))
        {
            DType type = Enum.Parse<DType>(parse.GetValue(_type)!, ignoreCase: true);
            ModelFolder.Write(trimmed, place.Path, trimmed.Tokenizer!.Files(), type);
            place.Commit();
        }

        terminal.Out.WriteLine(
            $"{output}: {trimmed.Config.Vocabulary} of {model.Config.Vocabulary} tokens, {trimmed.Parameters.Count:#,0} weights."
        );
        return ExitCode.Ok;
    }
}
