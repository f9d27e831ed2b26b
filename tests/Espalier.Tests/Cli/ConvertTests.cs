using Espalier.Cli;
using Espalier.Models.Storage;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>GGUF files at the command line.</summary>
public sealed class ConvertTests
{
    [Fact]
    public void A_model_is_converted_inspected_and_refused_by_what_makes_no_sense_with_it()
    {
        using TemporaryFolder folder = new();
        string a = folder["a.gguf"],
            b = folder["b.gguf"];
        GgufModel.Save(ToyLlama.Model(), a, DType.F32);
        Assert.StartsWith(
            b,
            CommandLine.Run("convert", "-m", a, "--type", "q4_0", "-o", b).Succeeds().Out
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
            .Run("convert", "-m", a, "-o", folder["folder"])
            .Refuses(ExitCode.Usage, "--output", ".gguf");
    }
}
