using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;

namespace Espalier.Models.Storage;

/// <summary>config.json as transformers writes it, and espalier.json for what that cannot say.</summary>
static class ConfigWriter
{
    public static byte[] HuggingFace(Model model) =>
        Write(json =>
        {
            ModelConfig config = model.Config;
            json.WriteStartArray("architectures");
            json.WriteStringValue(config.Family.Architecture);
            json.WriteEndArray();
            json.WriteString("model_type", config.Family.ModelType);
            config.Family.Write(json, config);
            json.WriteNumber("initializer_range", config.InitializerRange);
            if (config.IsLanguage)
            {
                WriteLanguage(json, config);
            }
            else
            {
                WriteClassifier(json, config);
            }

            json.WriteString("torch_dtype", "float32");
            if (model.Traits.Precision != Precision.Fp32)
            {
                // Whoever knows no such method refuses the folder instead of reading bytes as weights.
                json.WriteStartObject("quantization_config");
                json.WriteString("quant_method", ConfigFields.OwnMethod);
                json.WriteEndObject();
            }
        });

    static void WriteLanguage(Utf8JsonWriter json, ModelConfig config)
    {
        if (config.PadId > 0)
        {
            json.WriteNumber("pad_token_id", config.PadId);
        }

        if (config.BeginId is { } begin)
        {
            json.WriteNumber("bos_token_id", begin);
        }

        if (config.EndIds.Count == 1)
        {
            json.WriteNumber("eos_token_id", config.EndIds[0]);
            return;
        }

        json.WriteStartArray("eos_token_id");
        foreach (int id in config.EndIds)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }

    static void WriteClassifier(Utf8JsonWriter json, ModelConfig config)
    {
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
    }

    public static byte[] Espalier(Model model) =>
        Write(json =>
        {
            ModelConfig config = model.Config;
            json.WriteNumber("format", ModelFolder.FormatOf(model));
            json.WriteString("family", config.Family.ModelType);
            json.WriteString("transformers", Loadable(model));
            json.WriteNumber("head_width", config.HeadWidth);
            json.WriteStartArray("layers");
            for (int i = 0; i < config.Layers.Count; i++)
            {
                Block layer = config.Layers[i];
                json.WriteStartObject();
                json.WriteNumber("heads", layer.Attention.Heads);
                if (layer.Attention.HeadsPerKey != config.Layers[0].Attention.HeadsPerKey)
                {
                    json.WriteNumber("key_heads", layer.Attention.KeyHeads);
                }

                json.WriteNumber("feed_forward", layer.Mlp.Width);
                if (layer.NormsFirst)
                {
                    json.WriteBoolean("norms_attention", layer.NormsAttention);
                }

                if (layer.Attention.Keeps is { } keeps)
                {
                    json.WriteNumber("keeps", keeps);
                }

                if (config.Sharing is { } sets)
                {
                    json.WriteNumber("weights", sets[i]);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (!config.IsLanguage)
            {
                json.WriteString("pooling", Lower(config.Pooling));
            }

            if (config.ExitPooling is { } pooling)
            {
                json.WriteString("exit_pooling", Lower(pooling));
            }

            if (config.HeadExits.Count > 0)
            {
                json.WriteStartArray("head_exits");
                foreach (int layer in config.HeadExits)
                {
                    json.WriteNumberValue(layer);
                }

                json.WriteEndArray();
            }

            json.WriteString("precision", model.Traits.Precision.ToString().ToLowerInvariant());
            if (model.Traits.Group > 0)
            {
                json.WriteNumber("group", model.Traits.Group);
            }

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
    public static string Loadable(Model model)
    {
        ModelConfig config = model.Config;
        return ModelFolder.HasGroups(model) ? "no: weights are codes in groups with scales"
            : model.Traits.Precision is Precision.Int8 or Precision.Mixed
                ? "no: weights are int8 rows with scales"
            : config.DropsTokens ? "weights yes; answers no: rows leave on the way"
            : !config.HasPlainShapes ? "no: heads or feed-forward widths were pruned"
            : config.Pooling == Pooling.Mean
                ? "weights yes; answers no: the classifier reads the mean over tokens"
            : config.HasExits ? "yes, without the early exits"
            : "yes";
    }

    static string Lower(Pooling pooling) => pooling.ToString().ToLowerInvariant();

    static byte[] Write(Action<Utf8JsonWriter> fill) => JsonOutput.Document(fill, readable: true);
}
