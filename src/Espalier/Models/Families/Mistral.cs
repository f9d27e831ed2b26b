using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>Mistral (Jiang et al. 2023): Llama's network, in which a token may see a window of the past alone.</summary>
sealed class Mistral : Llama
{
    public override string ModelType => "mistral";
    public override string Architecture => "MistralForCausalLM";
    internal override GgufForm? Gguf { get; } =
        new("llama") { PairsRows = true, Window = "attention.sliding_window" };
    protected override int? DefaultKeyHeads => 8;

    internal override IReadOnlySet<string> Fields =>
        new HashSet<string>([.. base.Fields, "sliding_window"]);

    protected override IReadOnlyList<Block> LayersOf(JsonFields file, Block block, int count)
    {
        // Where the file does not say, the class has a window of 4096; null means none.
        int? window = file.OptionalInteger("sliding_window", 1, ConfigReader.MostRows);
        if (window is null && !file.Names.Contains("sliding_window"))
        {
            window = 4096;
        }

        Block sees = block with { Attention = block.Attention with { Reach = window - 1 } };
        return [.. Enumerable.Repeat(sees, count)];
    }

    protected override void WriteOwn(Utf8JsonWriter json, ModelConfig config)
    {
        WriteRotary(json, config);
        if (config.Layers[0].Attention.Reach is { } reach)
        {
            json.WriteNumber("sliding_window", reach + 1);
        }
        else
        {
            json.WriteNull("sliding_window");
        }
    }
}
