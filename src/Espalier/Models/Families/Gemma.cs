using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models.Families;

/// <summary>
/// Gemma (Mesnard et al. 2024): Llama's network with embeddings times √hidden, a GELU gate, and norms whose files hold what is
/// added to 1.
/// </summary>
class Gemma : Llama
{
    public override string ModelType => "gemma";
    public override string Architecture => "GemmaForCausalLM";
    internal override GgufForm? Gguf { get; } = new("gemma");
    protected override string DefaultActivation => "gelu_pytorch_tanh";
    protected override int? DefaultHeadWidth => 256;
    protected override bool DefaultTied => true;

    internal override IReadOnlySet<string> Fields =>
        new HashSet<string>([
            .. base.Fields,
            "hidden_act",
            "hidden_activation",
            "use_bidirectional_attention",
        ]);

    internal override ModelConfig Read(JsonFields file)
    {
        Refuse(file, "use_bidirectional_attention", true, "a token sees those before it");
        ModelConfig config = base.Read(file);
        return config with { EmbeddingScale = MathF.Sqrt(config.Hidden) };
    }

    internal override Weight FromFile(Part part, Weight weight) =>
        part.IsNorm ? Moved(weight, 1) : weight;

    internal override Weight ToFile(Part part, Weight weight) =>
        part.IsNorm ? Moved(weight, -1) : weight;

    static Tensor Moved(Weight weight, float by)
    {
        Tensor moved = weight.Dense().Clone();
        foreach (ref float value in moved.Span)
        {
            value += by;
        }

        return moved;
    }
}

/// <summary>
/// Gemma 3's texts (Gemma Team 2025): norms around both halves of a block and of heads, and layers that see a window of the past
/// between those that see all of it.
/// </summary>
sealed class Gemma3 : Gemma
{
    public override string ModelType => "gemma3_text";
    public override string Architecture => "Gemma3ForCausalLM";

    /// <summary>Not before its windows and scales are told from what GGUF leaves unsaid.</summary>
    internal override GgufForm? Gguf => null;
    protected override string ActivationField => "hidden_activation";
    protected override int? DefaultKeyHeads => 4;

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields => new HashSet<string>([
        .. base.Fields, "query_pre_attn_scalar", "sliding_window", "sliding_window_pattern", "_sliding_window_pattern", "layer_types",
        "rope_local_base_freq", "final_logit_softcapping", "attn_logit_softcapping",
    ]);

    protected override IReadOnlyList<Block> LayersOf(JsonFields file, Block block, int count)
    {
        foreach (string cap in (string[])["final_logit_softcapping", "attn_logit_softcapping"])
        {
            if (file.Has(cap))
            {
                throw file.Refuse(cap, "null (scores go on as they are)");
            }
        }

        int window = file.OptionalInteger("sliding_window", 1, ConfigReader.MostRows) ?? 4096,
            every =
                file.OptionalInteger("sliding_window_pattern", 1, int.MaxValue)
                ?? file.OptionalInteger("_sliding_window_pattern", 1, int.MaxValue)
                ?? 6;
        JsonFields? both = file.OptionalObject("rope_parameters");
        Rotary all = RotaryFields.Read(
                file,
                both?.OptionalObject("full_attention") ?? file.OptionalObject("rope_scaling"),
                file.OptionalNumber("rope_theta", 1, 1e12) ?? 1_000_000
            ),
            near = RotaryFields.Read(
                file,
                both?.OptionalObject("sliding_attention"),
                file.OptionalNumber("rope_local_base_freq", 1, 1e12) ?? 10_000
            );
        int scalar = file.OptionalInteger("query_pre_attn_scalar", 1, ConfigReader.MostWide) ?? 256;
        return
        [
            .. LayerTypes
                .SeeAll(file, count, i => (i + 1) % every == 0)
                .Select(a =>
                    block with
                    {
                        NormsBranches = true,
                        Attention = block.Attention with
                        {
                            Scale = 1 / MathF.Sqrt(scalar),
                            HeadNorm = block.Norm,
                            Reach = a ? null : window - 1,
                            Rotary = a ? all : near,
                        },
                    }
                ),
        ];
    }

    protected override void WriteOwn(Utf8JsonWriter json, ModelConfig config)
    {
        AttentionSpec first = config.Layers[0].Attention,
            near = Of(false) ?? first,
            all = Of(true) ?? first;
        json.WriteBoolean("attention_bias", first.OutputBias);
        json.WriteNumber(
            "query_pre_attn_scalar",
            (int)MathF.Round(1 / (first.Scale!.Value * first.Scale.Value))
        );
        json.WriteNumber("sliding_window", near.Reach + 1 ?? 4096);
        LayerTypes.Write(json, config);
        json.WriteStartObject("rope_parameters");
        json.WriteStartObject("full_attention");
        RotaryFields.Write(json, all.Rotary!);
        json.WriteEndObject();
        json.WriteStartObject("sliding_attention");
        RotaryFields.Write(json, near.Rotary!);
        json.WriteEndObject();
        json.WriteEndObject();

        AttentionSpec? Of(bool seesAll) =>
            config.Layers.Select(l => l.Attention).FirstOrDefault(a => a.Reach is null == seesAll);
    }

    protected override IReadOnlyDictionary<Role, PartName> LayerParts { get; } =
        new Dictionary<Role, PartName>(Parts)
        {
            [Role.AttentionPostNorm] = "post_attention_layernorm",
            [Role.Norm] = "pre_feedforward_layernorm",
            [Role.PostNorm] = "post_feedforward_layernorm",
        };
}
