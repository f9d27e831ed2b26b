using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>OPT (Zhang et al. 2022): learned positions of which the first two belong to no token, and a ReLU.</summary>
sealed class Opt : Decoder
{
    const int Reserved = 2;

    public override string ModelType => "opt";
    public override string Architecture => "OPTForCausalLM";
    public override string Prefix => "model.decoder.";
    internal override int DefaultPadId => 1;

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields { get; } = new HashSet<string>
    {
        "ffn_dim", "do_layer_norm_before", "_remove_final_layer_norm", "word_embed_proj_dim", "dropout", "attention_dropout",
        "activation_function", "activation_dropout", "layerdrop", "init_std", "enable_bias", "layer_norm_elementwise_affine",
        "tie_word_embeddings",
    };

    public override int PositionOffset(int padId) => Reserved;

    public override int Position(int id, int padId, ref int counted) => Reserved + counted++;

    internal override ModelConfig Read(JsonFields file)
    {
        const string small = "OPT-350m is built otherwise than its kin and is not read";
        Refuse(file, "do_layer_norm_before", false, small);
        Refuse(file, "_remove_final_layer_norm", true, small);
        Refuse(file, "layer_norm_elementwise_affine", false, "norms have weights");
        int hidden = file.Integer("hidden_size", 1, ConfigReader.MostWide),
            heads = file.Integer("num_attention_heads", 1, hidden);
        if ((file.OptionalInteger("word_embed_proj_dim", 1, int.MaxValue) ?? hidden) != hidden)
        {
            throw file.Refuse(
                "word_embed_proj_dim",
                $"{hidden}, the width of the layers ({small})"
            );
        }

        bool bias = file.OptionalFlag("enable_bias") ?? true;
        float dropout = ConfigReader.Dropout(file, "dropout", 0.1f);
        Block block = new(
            new AttentionSpec(
                heads,
                ConfigReader.HeadWidth(file, "num_attention_heads", hidden, heads)
            )
            {
                Causal = true,
                Bias = bias,
                OutputBias = bias,
                Dropout = ConfigReader.Dropout(file, "attention_dropout", 0),
                OutputDropout = dropout,
            },
            new MlpSpec(
                file.Integer("ffn_dim", 1, 16 * ConfigReader.MostWide),
                ConfigReader.ActivationOf(file, "activation_function", "relu")
            )
            {
                Bias = bias,
                OutputDropout = dropout,
            },
            new(1e-5f)
        );
        int positions = file.Integer("max_position_embeddings", 1, ConfigReader.MostRows);
        return WithTable(file, hidden, block, "num_hidden_layers", positions + Reserved);
    }

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        Block block = config.Layers[0];
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteNumber("hidden_size", config.Hidden);
        json.WriteNumber("word_embed_proj_dim", config.Hidden);
        json.WriteNumber("num_attention_heads", config.NominalHeads);
        json.WriteNumber("num_hidden_layers", config.Layers.Count);
        json.WriteNumber("ffn_dim", config.Layers.Max(l => l.Mlp.Width));
        json.WriteNumber("max_position_embeddings", config.Positions - Reserved);
        json.WriteString("activation_function", ConfigReader.NameOf(block.Mlp.Activation));
        json.WriteNumber("dropout", block.Mlp.OutputDropout);
        json.WriteNumber("attention_dropout", block.Attention.Dropout);
        json.WriteBoolean("enable_bias", block.Attention.Bias);
        WriteHead(json, config);
    }

    internal override bool IsPlain(ModelConfig config) =>
        base.IsPlain(config) && config.Layers[0].Attention.Columns == config.Hidden;

    protected override string LayerName(int layer) => $"layers.{layer}";

    protected override IReadOnlyDictionary<Part, PartName> Ends { get; } =
        new Dictionary<Part, PartName>
        {
            [Part.Word] = "embed_tokens",
            [Part.Position] = "embed_positions",
            [Part.FinalNorm] = "final_layer_norm",
        };

    protected override IReadOnlyDictionary<Role, PartName> LayerParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Query] = "self_attn.q_proj",
            [Role.Key] = "self_attn.k_proj",
            [Role.Value] = "self_attn.v_proj",
            [Role.Attention] = "self_attn.out_proj",
            [Role.AttentionNorm] = "self_attn_layer_norm",
            [Role.Up] = "fc1",
            [Role.Down] = "fc2",
            [Role.Norm] = "final_layer_norm",
        };
}
