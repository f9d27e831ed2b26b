using System.CommandLine;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;
using Option = System.CommandLine.Option;

namespace Espalier.Cli.Commands;

/// <summary>A language model as a GGUF file, which llama.cpp and Ollama run.</summary>
sealed class ConvertCommand : EspalierCommand
{
    const string End = ".gguf";
    static readonly string[] Types = ["f32", "f16", "bf16", "q8_0", "q4_0"];

    readonly CommonOptions _common = new();
    readonly Option<string> _type = new Option<string>("--type")
    {
        Description = "Number format of the matrices: f32, f16, bf16, q8_0 or q4_0.",
        HelpName = "name",
        DefaultValueFactory = _ => "f16",
    }.Among(Types);

    public ConvertCommand()
        : base("convert", "Write a language model as a GGUF file, which llama.cpp runs too.")
    {
        foreach (Option option in (Option[])[_common.Model, _type, _common.Output])
        {
            Add(option);
        }
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier convert --model SmolLM2-135M-Instruct --output smollm2.f16.gguf",
        "espalier convert --model SmolLM2-135M-Instruct --type q4_0 --output smollm2.q4_0.gguf",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckModel(parse, terminal, problems);
        if (
            parse.ValueOf(_common.Output)?.EndsWith(End, StringComparison.OrdinalIgnoreCase) != true
        )
        {
            problems.Usage($"--output is no file that ends in {End}; name one.");
        }

        if (parse.ValueOf(_type) is { } type && !Types.Contains(type))
        {
            problems.Usage(OptionValues.NoneOf(_type.Name, type, Types));
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string place = _common.ModelFolder(parse, terminal),
            output = parse.GetValue(_common.Output)!;
        LoadedModel loaded = ModelFolder.Load(place, asStored: true);
        foreach (string note in loaded.Notes)
        {
            terminal.Tell(note);
        }

        GgufModel.Save(
            loaded.Model,
            output,
            Enum.Parse<DType>(parse.GetValue(_type)!, ignoreCase: true),
            Words(place)
        );
        terminal.Out.WriteLine(
            $"{output}: {new FileInfo(output).Length / 1e6:0.0} MB, {loaded.Model.Parameters.Count:#,0} weights."
        );
        return ExitCode.Ok;
    }

    static GgufFields Words(string place)
    {
        if (!GgufFile.Is(place))
        {
            return Tokenizer.Load(place).ToGguf();
        }

        using GgufFile file = GgufFile.Open(place);
        return file.Fields;
    }
}
