namespace Espalier.Models.Families;

/// <summary>A field of config.json and the key of GGUF that says the same.</summary>
/// <param name="Key">Behind the architecture and a dot.</param>
/// <param name="IsWhole">Otherwise it may have a fraction.</param>
/// <param name="IsOptional">Whether files may lack it.</param>
sealed record GgufField(string Key, string Name, bool IsWhole = true, bool IsOptional = false);

/// <summary>
/// How GGUF has a family (llama.cpp's llama-arch.cpp and convert_hf_to_gguf.py). Tensors are called alike in all of them, so that a
/// family says little more than its name.
/// </summary>
/// <param name="Architecture"><c>general.architecture</c>, which its keys begin with.</param>
sealed record GgufForm(string Architecture)
{
    const string HeadWidth = "attention.key_length";

    /// <summary>Of Llama and its kin.</summary>
    public IReadOnlyList<GgufField> Fields { get; init; } =
    [
        new("embedding_length", "hidden_size"),
        new("block_count", "num_hidden_layers"),
        new("feed_forward_length", "intermediate_size"),
        new("context_length", "max_position_embeddings"),
        new("attention.head_count", "num_attention_heads"),
        new("attention.head_count_kv", "num_key_value_heads", IsOptional: true),
        new(HeadWidth, "head_dim", IsOptional: true),
        new("attention.layer_norm_rms_epsilon", "rms_norm_eps", IsWhole: false),
        new("rope.freq_base", "rope_theta", IsWhole: false, IsOptional: true),
    ];

    /// <summary>Whether heads may be fewer or more than fill the hidden states.</summary>
    public bool SaysHeadWidth => Fields.Any(f => f.Key == HeadWidth);

    /// <summary>
    /// The key of a window of the past that a token sees, which tells the family from another of the same architecture; null: a token
    /// sees all of it. llama.cpp has no such window in Llama's architecture and passes the key over.
    /// </summary>
    public string? Window { get; init; }

    /// <summary>Rows of queries and keys lie as pairs that turn together; otherwise half a head apart, as in Hugging Face's files.</summary>
    public bool PairsRows { get; init; }

    /// <summary>Queries, keys and values are one tensor.</summary>
    public bool JoinsHeads { get; init; }

    static readonly Dictionary<Part, string> Ends = new()
    {
        [Part.Word] = "token_embd",
        [Part.Position] = "position_embd",
        [Part.FinalNorm] = "output_norm",
        [Part.Head(Role.Out)] = "output",
    };

    static readonly Dictionary<Role, string> Layers = new()
    {
        [Role.Query] = "attn_q",
        [Role.Key] = "attn_k",
        [Role.Value] = "attn_v",
        [Role.QueryNorm] = "attn_q_norm",
        [Role.KeyNorm] = "attn_k_norm",
        [Role.Attention] = "attn_output",
        [Role.AttentionNorm] = "attn_norm",
        [Role.AttentionPostNorm] = "post_attention_norm",
        [Role.Gate] = "ffn_gate",
        [Role.Up] = "ffn_up",
        [Role.Down] = "ffn_down",
        [Role.Norm] = "ffn_norm",
        [Role.PostNorm] = "post_ffw_norm",
    };

    /// <summary>Where a part lies; null: GGUF has no such part.</summary>
    public PartName? NameOf(Part part)
    {
        if (part.Stretch != Stretch.Layer)
        {
            return Ends.TryGetValue(part, out string? end) ? (PartName)end : null;
        }

        string front = $"blk.{part.Index}.";
        return JoinsHeads && part.Role is Role.Query or Role.Key or Role.Value
                ? new PartName(front + "attn_qkv", part.Role - Role.Query, 3)
            : Layers.TryGetValue(part.Role, out string? name) ? (PartName)(front + name)
            : null;
    }

    /// <summary>Whether the rows of a part are those of heads whose columns turn.</summary>
    public bool IsPaired(Part part) =>
        PairsRows && part is { Stretch: Stretch.Layer, Role: Role.Query or Role.Key };
}
