using System.CommandLine;
using Espalier.Answering;
using Espalier.Models;

namespace Espalier.Cli.Parsing;

/// <summary>What the commands of language models share: which model, and how it is read.</summary>
sealed class LanguageOptions
{
    readonly CommonOptions _common = new();

    public LanguageOptions()
    {
        Model.Description =
            "A language model: its folder, a .gguf file, or owner/name of the Hugging Face hub.";
        Model.DefaultValueFactory = null;
    }

    public Option<string> Model => _common.Model;
    public Option<int> Threads => _common.Threads;
    public Option<string> Format => _common.Format;
    public Option<string?> Output => _common.Output;

    /// <summary>Of commands that write or read a text as it is written.</summary>
    public Option<string?> Effort { get; } =
        OptionValues.Text(
            "--effort",
            "rule",
            "How sure an early exit must be for a token to leave: full, confidence:0.9, entropy:0.3, normalized:0.5, patience:2 or exit:1."
        );

    public bool IsJson(ParseResult parse) => _common.IsJson(parse);

    public void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(Model) is null)
        {
            problems.Usage(
                "--model is missing; name a language model, such as the folder or the .gguf file of SmolLM2-135M-Instruct."
            );
        }
        else
        {
            _common.CheckModel(parse, terminal, problems);
        }

        if (parse.ValueOf(Effort) is { } effort)
        {
            problems.Try(() => Models.Effort.Parse(effort));
        }

        _common.CheckFormat(parse, problems);
        CommonOptions.CheckKernels(terminal, problems);
    }

    /// <summary>The user is told where it changes nothing.</summary>
    public Effort EffortOf(ParseResult parse, ModelConfig config, Terminal terminal)
    {
        Effort effort = Models.Effort.Parse(parse.GetValue(Effort) ?? "full");
        if (effort.Rule != ExitRule.Never && !config.HasExits)
        {
            terminal.Tell($"The model has no early exits, so --effort {effort} changes nothing.");
        }

        return effort;
    }

    /// <summary>The model, ready to write; the user is told its notes.</summary>
    public LanguageModel Load(ParseResult parse, Terminal terminal)
    {
        LanguageModel model = LanguageModel.Load(
            _common.ModelFolder(parse, terminal),
            parse.GetValue(Threads),
            CommonOptions.KernelsOf(terminal)
        );
        foreach (string note in model.Notes)
        {
            terminal.Tell(note);
        }

        return model;
    }
}
