using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>Qwen2 and Qwen2.5 (Yang et al. 2024): Llama's network with biases of queries, keys and values.</summary>
class Qwen2 : Llama
{
    public override string ModelType => "qwen2";
    public override string Architecture => "Qwen2ForCausalLM";
    internal override GgufForm? Gguf { get; } = new("qwen2");

    internal override IReadOnlySet<string> Fields =>
        new HashSet<string>([
            .. base.Fields,
            "use_sliding_window",
            "sliding_window",
            "max_window_layers",
            "layer_types",
        ]);

    protected override IReadOnlyList<Block> LayersOf(JsonFields file, Block block, int count)
    {
        int? window =
            file.OptionalFlag("use_sliding_window") == true
                ? file.OptionalInteger("sliding_window", 1, ConfigReader.MostRows)
                    ?? (file.Names.Contains("sliding_window") ? null : 4096)
                : null;
        int from = file.OptionalInteger("max_window_layers", 0, int.MaxValue) ?? 28;
        bool[] all = LayerTypes.SeeAll(file, count, i => window is null || i < from);
        AttentionSpec attention = OwnOf(file, block);
        return
        [
            .. all.Select(a =>
                block with
                {
                    Attention = attention with { Reach = a ? null : window - 1 },
                }
            ),
        ];
    }

    protected virtual AttentionSpec OwnOf(JsonFields file, Block block) =>
        block.Attention with
        {
            Bias = true,
            OutputBias = false,
        };

    protected override void WriteOwn(Utf8JsonWriter json, ModelConfig config)
    {
        WriteRotary(json, config);
        int? reach = config
            .Layers.Select(l => l.Attention.Reach)
            .FirstOrDefault(r => r is not null);
        json.WriteBoolean("use_sliding_window", reach is not null);
        if (reach is { } far)
        {
            json.WriteNumber("sliding_window", far + 1);
        }

        LayerTypes.Write(json, config);
    }
}

/// <summary>Qwen3 (Yang et al. 2025): norms of each head of queries and keys instead of biases.</summary>
sealed class Qwen3 : Qwen2
{
    public override string ModelType => "qwen3";
    public override string Architecture => "Qwen3ForCausalLM";
    internal override GgufForm? Gguf { get; } = new("qwen3");
    protected override int? DefaultHeadWidth => 128;

    protected override AttentionSpec OwnOf(JsonFields file, Block block) =>
        block.Attention with
        {
            HeadNorm = block.Norm,
        };

    protected override void WriteOwn(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteBoolean("attention_bias", config.Layers[0].Attention.Bias);
        base.WriteOwn(json, config);
    }
}
