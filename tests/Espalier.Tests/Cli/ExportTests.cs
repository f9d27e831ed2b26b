using System.Text.Json;
using Espalier.Cli;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Text;

namespace Espalier.Tests.Cli;

/// <summary>Exports at the command line.</summary>
[Trait("tier", "golden")]
public sealed class ExportTests
{
    [Fact]
    public void A_model_becomes_ONNX_beside_what_its_readers_want_once_it_has_answered()
    {
        using ToyModels models = new();
        string model = models.WithExits(),
            made = models["made"];
        string[] line = ["export", "-m", model, "--to", "onnx", "-o", made, "--threads", "1"];
        Outcome outcome = CommandLine
            .Run([.. line, "--exits", "if", "--effort", "patience:1", "--format", "json"])
            .Succeeds();
        Assert.True(outcome.Json.GetProperty("agrees").GetBoolean());
        foreach (JsonElement form in outcome.Json.GetProperty("texts").EnumerateArray())
        {
            Assert.Equal(100, form.GetProperty("texts").GetInt32());
            Assert.Equal(100, form.GetProperty("equal_exits").GetInt32());
            Assert.InRange(form.GetProperty("largest_difference").GetDouble(), 0, 1e-4);
        }

        string[] files = [.. Directory.EnumerateFiles(made).Select(f => Path.GetFileName(f))];
        Assert.Superset(
            new HashSet<string>(["README.md", "config.json", "tokenizer.json"]),
            new HashSet<string>(files)
        );
        Assert.True(File.Exists(Path.Combine(made, "onnx", "model.onnx")));

        string card = File.ReadAllText(Path.Combine(made, "README.md"));
        Assert.Contains("| E(pool=mean) | 1 | 7 |", card);
        Assert.Contains("pipeline_tag: text-classification", card);
        Assert.Contains("patience:1", card);

        // The place is taken now; and a model that answers otherwise than it should is not shown.
        CommandLine.Run(line).Refuses(ExitCode.Refused, made);
        string none = models["none"];
        line[6] = none;
        Outcome strict = CommandLine.Run([.. line, "--tolerance", "0"]);
        Assert.Equal(ExitCode.BelowBar, strict.Code);
        Assert.Contains("--tolerance", strict.Error);
        Assert.False(Directory.Exists(none));
        CommandLine
            .Run([.. line, "--exits", "outputs", "--int8", "weights"])
            .Refuses(ExitCode.Usage, "--int8");
        Assert.False(Directory.Exists(none));
    }

    [Fact]
    public void A_language_model_answers_as_ONNX_with_and_without_a_past()
    {
        using ToyWriter toy = new();
        using TemporaryFolder folder = new();
        string made = folder["made"];
        Outcome outcome = CommandLine
            .Run("export", "-m", toy.Folder, "-o", made, "--threads", "1")
            .Succeeds();
        Assert.Contains("behind a past", outcome.Out);
        Assert.Contains("100 of 100", outcome.Out);
        CommandLine
            .Run("export", "-m", toy.Folder, "-o", folder["no"], "--exits", "outputs")
            .Refuses(ExitCode.Usage, "early exits");
    }

    [Theory]
    [InlineData("--output is missing", "--to", "onnx")]
    [InlineData("--effort", "--exits", "if", "-o", "x")]
    [InlineData("--exits if", "--effort", "entropy:0.1", "-o", "x")]
    [InlineData("--effort full", "--exits", "if", "--effort", "full", "-o", "x")]
    [InlineData("--type", "--type", "q8_0", "-o", "x")]
    [InlineData("--exits", "--exits", "outputs", "-o", "x.gguf")]
    [InlineData("--to gguf", "--to", "onnx", "-o", "x.gguf")]
    [InlineData("outputs", "--exits", "output", "-o", "x")]
    public void What_makes_no_sense_is_refused_before_any_work(string word, params string[] line) =>
        CommandLine.Run(["export", .. line]).Refuses(ExitCode.Usage, word);

    [Fact]
    public void A_place_that_cannot_be_written_is_refused_and_nothing_is_left()
    {
        using ToyModels models = new();
        string file = models.Write("file", "");
        CommandLine
            .Run("export", "-m", models.Bert(), "-o", Path.Combine(file, "made"))
            .Refuses(ExitCode.Refused, file);
        Assert.Equal("", File.ReadAllText(file));
    }

    [Fact]
    public void A_model_becomes_one_for_transformers_without_exits_or_is_refused_by_what_it_lacks()
    {
        using ToyModels models = new();
        string source = models.WithExits(),
            made = models["made"];
        Outcome outcome = CommandLine
            .Run("export", "-m", source, "--to", "hf", "-o", made)
            .Succeeds();
        Assert.Contains("early exits are left out", outcome.Error);
        Model before = ModelFolder.Load(source).Model,
            after = ModelFolder.Load(made).Model;
        Assert.False(after.Config.HasExits);
        string query = "layers.0.query.weight";
        Assert.Equal(
            before.Parameters[query].Span.ToArray(),
            after.Parameters[query].Span.ToArray()
        );

        string pruned = models["pruned"];
        ModelConfig config = before.Config;
        Model uneven = Toy.Make(
            config with
            {
                Layers = [config.Layers[0].With(1, 8), .. config.Layers.Skip(1)],
            }
        );
        ModelFolder.Save(uneven, pruned, Tokenizer.Load(source).Files());
        CommandLine
            .Run("export", "-m", pruned, "--to", "hf", "-o", models["no"])
            .Refuses(ExitCode.Usage, "pruned", "--to onnx");
        Assert.False(Directory.Exists(models["no"]));
    }

    [Fact]
    public void A_model_becomes_GGUF_is_inspected_and_refused_by_what_makes_no_sense_with_it()
    {
        using TemporaryFolder folder = new();
        string a = folder["a.gguf"],
            b = folder["b.gguf"];
        GgufModel.Save(ToyLlama.Model(), a, DType.F32);
        Assert.StartsWith(
            b,
            CommandLine.Run("export", "-m", a, "--type", "q4_0", "-o", b).Succeeds().Out
        );
        Weight query = ModelFolder.Load(b).Model.Parameters.Stored("layers.0.query.weight");
        Assert.Equal(DType.Q4_0, Assert.IsType<Blocks>(query).Type);
        Assert.Contains(
            "llama (LlamaForCausalLM)",
            CommandLine.Run("inspect", "-m", b).Succeeds().Out
        );
        CommandLine.Run("predict", "-m", b).Refuses(ExitCode.Refused);
        CommandLine
            .Run("run", "O", "-m", b, "-t", "sentiment", "-o", folder["run"])
            .Refuses(ExitCode.Refused);
        CommandLine
            .Run("export", "-m", a, "--to", "gguf", "-o", folder["folder"])
            .Refuses(ExitCode.Usage, "--output", ".gguf");
    }
}
