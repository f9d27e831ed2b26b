using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Families;

namespace Espalier.Models.Storage;

/// <summary>
/// What becomes of every field of config.json: read by <see cref="ConfigReader"/>, refused here unless it says what
/// Espalier computes anyhow, known to change no answer, or named in a note. Nothing is passed over in silence.
/// </summary>
static class ConfigFields
{
    // csharpier-ignore-start
    static readonly HashSet<string> Read =
    [
        "model_type", "architectures", "vocab_size", "max_position_embeddings", "initializer_range", "pad_token_id",
        "problem_type", "id2label", "label2id", "num_labels", "pruned_heads",
        "hidden_size", "num_attention_heads", "num_hidden_layers",
    ];

    // Where a checkpoint came from, how it is stored, what generating models and other tasks need: none of it changes
    // what an encoder says to a text.
    static readonly HashSet<string> Harmless =
    [
        "_name_or_path", "name_or_path", "transformers_version", "torch_dtype", "dtype", "gradient_checkpointing", "use_cache",
        "output_attentions", "output_hidden_states", "output_past", "output_scores", "return_dict", "return_dict_in_generate",
        "torchscript", "use_bfloat16", "tf_legacy_loss", "attn_implementation", "_attn_implementation",
        "_attn_implementation_autoset", "_commit_hash", "auto_map", "architecture", "language", "name", "finetuning_task",
        "task_specific_params", "tokenizer_class", "prefix", "tie_word_embeddings", "tie_weights", "tie_weights_",
        "tie_encoder_decoder", "chunk_size_feed_forward", "cross_attention_hidden_size", "directionality",
        "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type",
        "bos_token_id", "eos_token_id", "sep_token_id", "cls_token_id", "mask_token_id", "unk_token_id",
        "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id", "bad_words_ids", "max_length", "min_length",
        "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p",
        "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
        "num_return_sequences", "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
        "begin_suppress_tokens", "sentence_transformers", "sbert_ce_default_activation_function", "sbert_ce_default_activation_fn",
        "qa_dropout", "sinusoidal_pos_embds", "is_decoder", "is_encoder_decoder", "add_cross_attention", "quantization_config",
        "transformers.js_config", "max_seq_length", "do_lower_case", "amp", "half",
    ];

    /// <summary>Classes of transformers whose classifier does not answer a text, by the end of their names.</summary>
    static readonly (string End, string Answers)[] OtherTasks =
    [
        ("ForTokenClassification", "labels each token"), ("ForQuestionAnswering", "finds answers in a text"),
        ("ForMultipleChoice", "chooses between texts"), ("ForNextSentencePrediction", "judges whether a sentence follows"),
    ];
    // csharpier-ignore-end

    /// <summary>What config.json calls weights that Espalier wrote as int8 rows.</summary>
    public const string OwnMethod = "espalier";

    /// <summary>Fields that would make another model of the same weights.</summary>
    /// <exception cref="InvalidDataException">One says so; it is named.</exception>
    public static void Check(JsonFields file)
    {
        foreach (
            string flag in (string[])["is_decoder", "add_cross_attention", "is_encoder_decoder"]
        )
        {
            if (file.Optional(flag) is { } value && value.ValueKind != JsonValueKind.False)
            {
                throw file.Refuse(
                    flag,
                    "false (Espalier runs encoders, in which every token sees every other)"
                );
            }
        }

        if (
            file.OptionalObject("quantization_config") is { } quantization
            && quantization.OptionalString("quant_method") != OwnMethod
        )
        {
            throw file.Refuse(
                "quantization_config",
                "none (weights stored as floats; Espalier quantizes them itself, operator Q)"
            );
        }
    }

    /// <summary>What the user should know: fields without effect, and those that contradict others.</summary>
    public static IEnumerable<string> Notes(JsonFields file, ModelConfig config)
    {
        IReadOnlySet<string> own = config.Family.Fields;
        string[] unknown =
        [
            .. file.Names.Where(name =>
                !Read.Contains(name)
                && !own.Contains(name)
                && !Harmless.Contains(name)
                && file.Has(name)
            ),
        ];
        if (unknown.Length > 0)
        {
            bool one = unknown.Length == 1;
            yield return $"{file.File}: {(one ? "field" : "fields")} {string.Join(", ", unknown.Select(n => $"'{Printable.Escape(n)}'"))} "
                + $"{(one ? "is" : "are")} not read; if {(one ? "it changes" : "they change")} what the model answers, it answers otherwise here.";
        }

        if (
            file.Optional("num_labels") is { ValueKind: JsonValueKind.Number } number
            && file.Has("id2label")
            && !(number.TryGetInt32(out int count) && count == config.Outputs)
        )
        {
            yield return $"{file.File}: num_labels is {number.GetRawText()} and id2label names {config.Outputs}; id2label counts.";
        }

        if (Contradicted(file, config) is { } label)
        {
            yield return $"{file.File}: label2id gives '{Printable.Escape(label)}' another number than id2label; id2label counts.";
        }

        if (OtherTask(file) is { } other)
        {
            yield return other;
        }
    }

    /// <summary>Why the checkpoint's own classifier does not answer texts; null: it does, as far as the config tells.</summary>
    public static string? OtherTask(JsonFields file)
    {
        if (
            file.Optional("architectures") is not { ValueKind: JsonValueKind.Array } list
            || list.GetArrayLength() == 0
            || list[0].ValueKind != JsonValueKind.String
        )
        {
            return null;
        }

        string name = file.Strings("architectures")[0];
        string? answers = OtherTasks
            .FirstOrDefault(t => name.EndsWith(t.End, StringComparison.Ordinal))
            .Answers;
        return answers is null
            ? null
            : $"{file.File}: field 'architectures' is {Printable.Escape(name)}, which {answers}; its classifier was not made to label whole texts.";
    }

    static string? Contradicted(JsonFields file, ModelConfig config)
    {
        if (file.Optional("label2id") is not { ValueKind: JsonValueKind.Object } ids)
        {
            return null;
        }

        for (int i = 0; i < config.Outputs; i++)
        {
            if (
                ids.TryGetProperty(config.Labels[i], out JsonElement id)
                && !(
                    id.ValueKind == JsonValueKind.Number
                    && id.TryGetInt32(out int said)
                    && said == i
                )
            )
            {
                return config.Labels[i];
            }
        }

        return null;
    }
}
