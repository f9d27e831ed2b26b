using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>GPT-2 (Radford et al. 2019) and DistilGPT-2: learned positions, and matrices that lie as [inputs, outputs].</summary>
sealed class Gpt2 : Decoder
{
    public override string ModelType => "gpt2";
    public override string Architecture => "GPT2LMHeadModel";
    public override string Prefix => "transformer.";

    internal override GgufForm? Gguf { get; } =
        new("gpt2")
        {
            JoinsHeads = true,
            Fields =
            [
                new("embedding_length", "n_embd"),
                new("block_count", "n_layer"),
                new("feed_forward_length", "n_inner"),
                new("context_length", "n_positions"),
                new("attention.head_count", "n_head"),
                new("attention.layer_norm_epsilon", "layer_norm_epsilon", IsWhole: false),
            ],
        };

    // csharpier-ignore
    internal override IReadOnlySet<string> Fields { get; } = new HashSet<string>
    {
        "n_embd", "n_head", "n_layer", "n_inner", "n_positions", "n_ctx", "activation_function", "resid_pdrop", "embd_pdrop",
        "attn_pdrop", "layer_norm_epsilon", "scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn",
        "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
        "tie_word_embeddings",
    };

    internal override ModelConfig Read(JsonFields file)
    {
        const string weights = "scores are divided by the root of a head's width";
        Refuse(file, "scale_attn_weights", false, weights);
        Refuse(file, "scale_attn_by_inverse_layer_idx", true, weights);
        int hidden = file.Integer("n_embd", 1, ConfigReader.MostWide),
            heads = file.Integer("n_head", 1, hidden);
        float dropout = ConfigReader.Dropout(file, "resid_pdrop", 0.1f);
        Block block = new(
            new AttentionSpec(heads, ConfigReader.HeadWidth(file, "n_head", hidden, heads))
            {
                Causal = true,
                Dropout = ConfigReader.Dropout(file, "attn_pdrop", 0.1f),
                OutputDropout = dropout,
            },
            new MlpSpec(
                file.OptionalInteger("n_inner", 1, 16 * ConfigReader.MostWide) ?? 4 * hidden,
                ConfigReader.ActivationOf(file, "activation_function", "gelu_new")
            )
            {
                OutputDropout = dropout,
            },
            new(Epsilon(file, "layer_norm_epsilon", 1e-5))
        );
        int positions = file.Integer("n_positions", 1, ConfigReader.MostRows);
        return WithTable(file, hidden, block, "n_layer", positions) with
        {
            EmbeddingDropout = ConfigReader.Dropout(file, "embd_pdrop", 0.1f),
        };
    }

    internal override void Write(Utf8JsonWriter json, ModelConfig config)
    {
        Block block = config.Layers[0];
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteNumber("n_embd", config.Hidden);
        json.WriteNumber("n_head", config.NominalHeads);
        json.WriteNumber("n_layer", config.Layers.Count);
        json.WriteNumber("n_inner", config.Layers.Max(l => l.Mlp.Width));
        json.WriteNumber("n_positions", config.Positions);
        json.WriteString("activation_function", ConfigReader.NameOf(block.Mlp.Activation));
        json.WriteNumber("resid_pdrop", block.Mlp.OutputDropout);
        json.WriteNumber("embd_pdrop", config.EmbeddingDropout);
        json.WriteNumber("attn_pdrop", block.Attention.Dropout);
        json.WriteNumber("layer_norm_epsilon", block.Norm.Epsilon);
        WriteHead(json, config);
    }

    internal override bool IsPlain(ModelConfig config) =>
        base.IsPlain(config) && config.Layers[0].Attention.Columns == config.Hidden;

    protected override string LayerName(int layer) => $"h.{layer}";

    protected override IReadOnlyDictionary<Part, PartName> Ends { get; } =
        new Dictionary<Part, PartName>
        {
            [Part.Word] = "wte",
            [Part.Position] = "wpe",
            [Part.FinalNorm] = "ln_f",
        };

    protected override IReadOnlyDictionary<Role, PartName> LayerParts { get; } =
        new Dictionary<Role, PartName>
        {
            [Role.Query] = new("attn.c_attn", 0, 3, true),
            [Role.Key] = new("attn.c_attn", 1, 3, true),
            [Role.Value] = new("attn.c_attn", 2, 3, true),
            [Role.Attention] = new("attn.c_proj", Transposed: true),
            [Role.AttentionNorm] = "ln_1",
            [Role.Up] = new("mlp.c_fc", Transposed: true),
            [Role.Down] = new("mlp.c_proj", Transposed: true),
            [Role.Norm] = "ln_2",
        };
}
