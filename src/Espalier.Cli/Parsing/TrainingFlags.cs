using System.CommandLine;
using Espalier.Data;
using Espalier.Operators;
using Espalier.Training;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Parsing;

/// <summary>How stages train: a preset, and what differs from it.</summary>
sealed class TrainingFlags
{
    public const int MostBatch = 4096;

    readonly Option<string> _preset = new Option<string>("--preset")
    {
        Description =
            $"How stages train: {string.Join(" or ", TrainingOptions.Presets.Select(p => p.Name))}.",
        HelpName = "name",
        DefaultValueFactory = _ => TrainingOptions.Presets[0].Name,
    }.Among(TrainingOptions.Presets.Select(p => p.Name));
    readonly Option<int> _epochs = OptionValues.Number(
        "--epochs",
        "Passes over the training data in each stage, instead of the preset's.",
        1,
        10_000
    );
    readonly Option<double> _rate = OptionValues.Number(
        "--rate",
        "Highest learning rate, instead of the preset's.",
        1e-9,
        10
    );
    readonly Option<int> _accumulation = OptionValues.Number(
        "--accumulation",
        "Compute each step in so many parts, to save memory.",
        1,
        MostBatch
    );

    readonly Option<int> _shards = OptionValues.Number(
        "--shards",
        "Sum a step's gradient over so many parts in pairs, so that as many processes can train together; 1 is a gradient of the whole.",
        1,
        MostBatch
    );

    readonly Option<bool> _checkpointing = new("--gradient-checkpointing")
    {
        Description =
            "Compute layers again for their backward pass, to save memory; the same model comes out.",
    };

    readonly Option<string?> _original = new Option<string?>("--original")
    {
        Description =
            "What the pipeline begins with: the model fine-tuned on the task, as it is by default, or as downloaded, for one whose classifier is trained already; a language model is taken as downloaded unless this or O asks for training.",
        HelpName = "name",
    }.Among(Pipeline.Originals.Select(o => o.Method));

    public IReadOnlyList<Option> All =>
        [_preset, _epochs, _rate, _accumulation, _shards, _checkpointing, _original];

    /// <summary>The pipeline of a text from the original that is asked for, or else from the task's.</summary>
    /// <param name="text">Null: the original alone.</param>
    /// <param name="kind">Of the task; null: there is no such task.</param>
    /// <exception cref="ArgumentException">It is no pipeline, there is no such original, or the pipeline names another.</exception>
    public Pipeline From(ParseResult parse, string? text, TaskKind? kind) =>
        (text is null ? Pipeline.Original : Pipeline.Parse(text)).From(
            parse.ValueOf(_original),
            text is not null && Pipeline.NamesOriginal(text) ? null : kind
        );

    /// <exception cref="ArgumentException">There is no such preset, or a batch has fewer examples than parts.</exception>
    public TrainingOptions Of(ParseResult parse)
    {
        string name = parse.ValueOf(_preset) ?? TrainingOptions.Presets[0].Name;
        TrainingOptions preset =
            TrainingOptions.Presets.FirstOrDefault(p => p.Name == name).Options
            ?? throw new ArgumentException(
                OptionValues.NoneOf(
                    _preset.Name,
                    name,
                    [.. TrainingOptions.Presets.Select(p => p.Name)]
                )
            );
        TrainingOptions options = preset with
        {
            Epochs = parse.Has(_epochs) ? parse.ValueOf(_epochs) : preset.Epochs,
            Rate = parse.Has(_rate) ? parse.ValueOf(_rate) : preset.Rate,
            Accumulation = parse.Has(_accumulation) ? parse.ValueOf(_accumulation) : 1,
            Shards = parse.Has(_shards) ? parse.ValueOf(_shards) : 1,
            GradientCheckpointing = parse.ValueOf(_checkpointing),
        };
        return options.Problem is { } problem
            ? throw new ArgumentException($"--{problem}")
            : options;
    }
}
