using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>
/// Llama (Touvron et al. 2023) and what has its network: SmolLM2, TinyLlama, Sheared-Llama, Minitron's Llama. Norms of squares,
/// rotary positions, a SiLU gate, heads of queries that share keys, hardly a bias.
/// </summary>
class Llama : Decoder
{
    public override string ModelType => "llama";
    public override string Architecture => "LlamaForCausalLM";
    internal override GgufForm? Gguf { get; } = new("llama") { PairsRows = true };
    protected virtual string ActivationField => "hidden_act";
    protected virtual string DefaultActivation => "silu";

    /// <summary>Heads of keys where the file does not say; null: as many as of queries.</summary>
    protected virtual int? DefaultKeyHeads => null;

    /// <summary>Columns of a head where the file does not say; null: as many as fill the hidden states.</summary>
    protected virtual int? DefaultHeadWidth => null;
    protected virtual bool DefaultTied => false;

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields => new HashSet<string>([
        "intermediate_size", "num_key_value_heads", "head_dim", ActivationField, "rms_norm_eps", "attention_bias", "mlp_bias",
        "attention_dropout", "tie_word_embeddings", "pretraining_tp", "is_llama_config", "rope_interleaved", .. RotaryFields.Names,
    ]);

    internal override ModelConfig Read(JsonFields file)
    {
        Refuse(file, "rope_interleaved", true, "pairs of a head stand half a head apart");
        int hidden = file.Integer("hidden_size", 1, ConfigReader.MostWide),
            heads = file.Integer("num_attention_heads", 1, ConfigReader.MostWide),
            keyHeads =
                file.OptionalInteger("num_key_value_heads", 1, heads) ?? DefaultKeyHeads ?? heads,
            width =
                file.OptionalInteger("head_dim", 1, ConfigReader.MostWide)
                ?? DefaultHeadWidth
                ?? ConfigReader.HeadWidth(file, "num_attention_heads", hidden, heads);
        if (heads % keyHeads != 0)
        {
            throw file.Refuse(
                "num_key_value_heads",
                $"a divisor of {heads}, the number of heads of queries,"
            );
        }

        if (width % 2 != 0)
        {
            throw file.Refuse("head_dim", "an even number (its columns turn in pairs)");
        }

        NormSpec norm = new(
            Epsilon(file, "rms_norm_eps", 1e-6),
            Bias: false,
            NormKind.RootMeanSquare
        );
        bool bias = file.OptionalFlag("attention_bias") ?? false;
        Block block = new(
            new AttentionSpec(heads, width)
            {
                HeadsPerKey = heads / keyHeads,
                Causal = true,
                Rotary = RotaryFields.Read(file),
                Bias = bias,
                OutputBias = bias,
                Dropout = ConfigReader.Dropout(file, "attention_dropout", 0),
            },
            new MlpSpec(
                file.Integer("intermediate_size", 1, 16 * ConfigReader.MostWide),
                ConfigReader.ActivationOf(file, ActivationField, DefaultActivation)
            )
            {
                Gated = true,
                Bias = file.OptionalFlag("mlp_bias") ?? false,
            },
            norm
        )
        {
            NormsFirst = true,
        };
        return new ModelConfig
        {
            Family = this,
            Vocabulary = file.Integer("vocab_size", 1, ConfigReader.MostRows),
            Hidden = hidden,
            Layers = LayersOf(file, block, Layers(file, "num_hidden_layers")),
            Positions = file.Integer("max_position_embeddings", 1, ConfigReader.MostRows),
            HasPositionTable = false,
            Types = 0,
            EmbeddingNorm = null,
            FinalNorm = norm,
            Head = Head(file, DefaultTied),
            Labels = [],
        };
    }

    /// <summary>What is the family's own about its layers.</summary>
    protected virtual IReadOnlyList<Block> LayersOf(JsonFields file, Block block, int count) =>
        [.. Enumerable.Repeat(block, count)];

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        Block block = config.Layers[0];
        AttentionSpec attention = block.Attention;
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteNumber("hidden_size", config.Hidden);
        json.WriteNumber("num_attention_heads", attention.Heads);
        json.WriteNumber("num_key_value_heads", attention.KeyHeads);
        json.WriteNumber("head_dim", attention.Width);
        json.WriteNumber("num_hidden_layers", config.Layers.Count);
        json.WriteNumber("intermediate_size", config.Layers.Max(l => l.Mlp.Width));
        json.WriteNumber("max_position_embeddings", config.Positions);
        json.WriteString(ActivationField, ConfigReader.NameOf(block.Mlp.Activation));
        json.WriteNumber("rms_norm_eps", block.Norm.Epsilon);
        json.WriteNumber("attention_dropout", attention.Dropout);
        WriteHead(json, config);
        WriteOwn(json, config);
    }

    /// <summary>Rotary positions and what is the family's own.</summary>
    protected virtual void WriteOwn(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteBoolean("attention_bias", config.Layers[0].Attention.OutputBias);
        json.WriteBoolean("mlp_bias", config.Layers[0].Mlp.Bias);
        WriteRotary(json, config);
    }

    protected static void WriteRotary(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartObject("rope_parameters");
        RotaryFields.Write(json, config.Layers[0].Attention.Rotary!);
        json.WriteEndObject();
    }

    protected override string LayerName(int layer) => $"layers.{layer}";

    protected override IReadOnlyDictionary<Part, PartName> Ends { get; } =
        new Dictionary<Part, PartName> { [Part.Word] = "embed_tokens", [Part.FinalNorm] = "norm" };

    protected override IReadOnlyDictionary<Role, PartName> LayerParts => Parts;

    protected static readonly Dictionary<Role, PartName> Parts = new()
    {
        [Role.Query] = "self_attn.q_proj",
        [Role.Key] = "self_attn.k_proj",
        [Role.Value] = "self_attn.v_proj",
        [Role.QueryNorm] = "self_attn.q_norm",
        [Role.KeyNorm] = "self_attn.k_norm",
        [Role.Attention] = "self_attn.o_proj",
        [Role.AttentionNorm] = "input_layernorm",
        [Role.Gate] = "mlp.gate_proj",
        [Role.Up] = "mlp.up_proj",
        [Role.Down] = "mlp.down_proj",
        [Role.Norm] = "post_attention_layernorm",
    };
}
