using System.CommandLine;
using Espalier.Answering;

namespace Espalier.Cli.Parsing;

/// <summary>What the commands of language models share: which model, and how it is read.</summary>
sealed class LanguageOptions
{
    readonly CommonOptions _common = new();

    public LanguageOptions()
    {
        Model.Description =
            "A language model: its folder, a .gguf file, or owner/name from the Hugging Face cache.";
        Model.DefaultValueFactory = null;
    }

    public Option<string> Model => _common.Model;
    public Option<int> Threads => _common.Threads;
    public Option<string> Format => _common.Format;
    public Option<string?> Output => _common.Output;

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

        _common.CheckFormat(parse, problems);
        CommonOptions.CheckKernels(terminal, problems);
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
