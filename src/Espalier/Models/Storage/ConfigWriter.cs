using System.Text.Encodings.Web;
using System.Text.Json;
using Espalier.Autograd;
using Espalier.Models.Families;

namespace Espalier.Models.Storage;

/// <summary>config.json as transformers writes it, and espalier.json for what that cannot say.</summary>
static class ConfigWriter
{
    static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] HuggingFace(ModelConfig config) =>
        Write(json =>
        {
            bool distil = config.Family is DistilBert;
            json.WriteStartArray("architectures");
            json.WriteStringValue(config.Family.Architecture);
            json.WriteEndArray();
            json.WriteString("model_type", config.Family.ModelType);
            json.WriteNumber("vocab_size", config.Vocabulary);
            json.WriteNumber(distil ? "dim" : "hidden_size", config.Hidden);
            json.WriteNumber(
                distil ? "n_heads" : "num_attention_heads",
                config.Hidden / config.HeadWidth
            );
            json.WriteNumber(distil ? "n_layers" : "num_hidden_layers", config.Layers.Count);
            json.WriteNumber(
                distil ? "hidden_dim" : "intermediate_size",
                config.Layers.Max(l => l.FeedForward)
            );
            json.WriteNumber("max_position_embeddings", config.Positions);
            json.WriteString(
                distil ? "activation" : "hidden_act",
                ConfigReader.NameOf(config.Activation)
            );
            json.WriteNumber(distil ? "dropout" : "hidden_dropout_prob", config.HiddenDropout);
            json.WriteNumber(
                distil ? "attention_dropout" : "attention_probs_dropout_prob",
                config.AttentionDropout
            );
            json.WriteNumber(
                distil ? "seq_classif_dropout" : "classifier_dropout",
                config.HeadDropout
            );
            if (!distil)
            {
                json.WriteNumber("type_vocab_size", config.Types);
                json.WriteNumber("layer_norm_eps", config.NormEpsilon);
                json.WriteString("position_embedding_type", "absolute");
            }

            json.WriteNumber("initializer_range", config.InitializerRange);
            json.WriteNumber("pad_token_id", config.PadId);
            json.WriteString(
                "problem_type",
                config.Regression ? "regression" : "single_label_classification"
            );
            json.WriteStartObject("id2label");
            for (int i = 0; i < config.Labels.Count; i++)
            {
                json.WriteString(i.ToString(), config.Labels[i]);
            }

            json.WriteEndObject();
            json.WriteStartObject("label2id");
            for (int i = 0; i < config.Labels.Count; i++)
            {
                json.WriteNumber(config.Labels[i], i);
            }

            json.WriteEndObject();
            json.WriteString("torch_dtype", "float32");
        });

    public static byte[] Espalier(Model model) =>
        Write(json =>
        {
            ModelConfig config = model.Config;
            json.WriteNumber("format", ModelFolder.Format);
            json.WriteString("family", config.Family.ModelType);
            json.WriteString("transformers", Loadable(config));
            json.WriteNumber("head_width", config.HeadWidth);
            json.WriteStartArray("layers");
            foreach (LayerShape layer in config.Layers)
            {
                json.WriteStartObject();
                json.WriteNumber("heads", layer.Heads);
                json.WriteNumber("feed_forward", layer.FeedForward);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("pooling", Lower(config.Pooling));
            if (config.ExitPooling is { } pooling)
            {
                json.WriteString("exit_pooling", Lower(pooling));
            }

            json.WriteString("precision", model.Traits.Precision.ToString().ToLowerInvariant());
            json.WriteBoolean("dynamic_length", model.Traits.DynamicLength);
            json.WriteStartArray("operators");
            foreach (Applied applied in model.History)
            {
                json.WriteStartObject();
                json.WriteString("text", applied.Text);
                json.WriteNumber("version", applied.Version);
                json.WriteString("seed", applied.Seed.ToString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    /// <summary>Whether transformers can load the folder, and if it cannot or would answer otherwise, why.</summary>
    static string Loadable(ModelConfig config) =>
        !config.HasPlainShapes ? "no: heads or feed-forward widths were pruned"
        : config.Pooling == Pooling.Mean
            ? "weights yes; answers no: the classifier reads the mean over tokens"
        : config.HasExits ? "yes, without the early exits"
        : "yes";

    static string Lower(Pooling pooling) => pooling.ToString().ToLowerInvariant();

    static byte[] Write(Action<Utf8JsonWriter> fill)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Indented))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
