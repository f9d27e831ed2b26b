using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Models;

/// <summary>config.json of language models as published files have it, today's and older ones.</summary>
public sealed class DecoderConfigTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    ModelConfig Read(string type, string more)
    {
        JsonObject all = (JsonObject)
            JsonNode.Parse(
                """
                {"vocab_size": 97, "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 40, "num_key_value_heads": 4,
                 "max_position_embeddings": 64}
                """
            )!;
        all["model_type"] = type;
        foreach (var (name, value) in (JsonObject)JsonNode.Parse(more)!)
        {
            all[name] = value?.DeepClone();
        }

        _folder.Write("config.json", all.ToJsonString(new JsonSerializerOptions()));
        return ModelFolder.Config(_folder.Path);
    }

    static Rotary RotaryOf(ModelConfig config) => config.Layers[0].Attention.Rotary!;

    [Theory]
    [InlineData(
        """{"rope_theta": 500.0, "rope_scaling": {"type": "linear", "factor": 2.5}}""",
        """{"rope_parameters": {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.5}}"""
    )]
    [InlineData(
        """{"rope_theta": 500.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}""",
        """{"rope_parameters": {"rope_theta": 500.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}"""
    )]
    [InlineData("""{"rope_scaling": null}""", """{"rope_theta": 10000.0}""")]
    [InlineData(
        """{"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}}""",
        """{"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 16, "attention_factor": 1.13862943649292}}"""
    )]
    public void Older_files_say_the_same_of_rotary_positions(string older, string today) =>
        Assert.Equal(RotaryOf(Read("llama", today)), RotaryOf(Read("llama", older)));

    [Theory]
    [InlineData("{}", 4095)]
    [InlineData("""{"sliding_window": null}""", null)]
    [InlineData("""{"sliding_window": 7}""", 6)]
    public void Mistrals_window_is_the_token_itself_and_those_before_it(string more, int? reach) =>
        Assert.Equal(reach, Read("mistral", more).Layers[0].Attention.Reach);

    [Fact]
    public void What_a_file_leaves_out_is_what_transformers_takes()
    {
        ModelConfig llama = Read("llama", "{}");
        Assert.Equal(new LanguageSpec(Tied: false), llama.Head);
        Assert.Equal((1, 8), (llama.Layers[0].Attention.HeadsPerKey, llama.HeadWidth));
        Assert.Equal((1e-6f, 10_000f), (llama.Layers[0].Norm.Epsilon, RotaryOf(llama).Base));
        Assert.Equal(128, Read("qwen3", "{}").HeadWidth);
        Assert.True(Read("qwen2", "{}").Layers[0].Attention is { Bias: true, OutputBias: false });
        Assert.Equal([7, 9], Read("llama", """{"eos_token_id": [7, 9]}""").EndIds);
        Assert.Equal(64, Read("opt", """{"ffn_dim": 40}""").MaxLength);
        Assert.Equal(64, Read("llama", """{"pad_token_id": -1}""").MaxLength);
    }

    [Theory]
    [InlineData("llama", """{"rope_scaling": {"type": "longrope", "factor": 2.0}}""", "longrope")]
    [InlineData("llama", """{"num_key_value_heads": 3}""", "num_key_value_heads")]
    [InlineData("llama", """{"head_dim": 7}""", "head_dim")]
    [InlineData("llama", """{"partial_rotary_factor": 0.5}""", "partial_rotary_factor")]
    [InlineData("llama", """{"hidden_act": "relu2"}""", "hidden_act")]
    [InlineData("opt", """{"ffn_dim": 40, "do_layer_norm_before": false}""", "OPT-350m")]
    [InlineData("opt", """{"ffn_dim": 40, "word_embed_proj_dim": 16}""", "OPT-350m")]
    [InlineData("gemma3_text", """{"attn_logit_softcapping": 50.0}""", "attn_logit_softcapping")]
    [InlineData("gpt2", """{"n_embd": 32, "n_head": 5}""", "n_head")]
    [InlineData("qwen2", """{"layer_types": ["full_attention"]}""", "layer_types")]
    public void Another_model_of_the_same_weights_is_refused_by_its_field(
        string type,
        string more,
        string named
    )
    {
        string sentence = Assert.Throws<InvalidDataException>(() => Read(type, more)).Message;
        Assert.Contains(named, sentence);
        Assert.DoesNotContain('\n', sentence);
    }
}
