using System.Buffers;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Families;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>
/// What a GGUF file says of a model as the fields of config.json, and the way back, so that each family reads and writes one form
/// alone.
/// </summary>
static class GgufConfig
{
    public const string ArchitectureKey = "general.architecture";
    public const string RotaryFactors = "rope_freqs.weight";

    // Llama 3.1 and its kin: the only stretching by wavelength that was published, whose numbers GGUF leaves out.
    const double LowFactor = 1;
    const double HighFactor = 4;
    const int Llama3Trained = 8192;

    static readonly (string Key, string Field)[] Ids =
    [
        ("tokenizer.ggml.bos_token_id", "bos_token_id"),
        ("tokenizer.ggml.padding_token_id", "pad_token_id"),
    ];
    static readonly string[] Ends =
    [
        "tokenizer.ggml.eos_token_id",
        "tokenizer.ggml.eot_token_id",
        "tokenizer.ggml.eom_token_id",
    ];

    /// <exception cref="InvalidDataException">The architecture is none that Espalier knows, or a key is missing or cannot be.</exception>
    public static ModelConfig Read(GgufFile file)
    {
        GgufFields fields = file.Fields;
        string architecture = fields.String(ArchitectureKey);
        Family family =
            Family.All.LastOrDefault(f =>
                f.Gguf is { } form
                && form.Architecture == architecture
                && (form.Window is null || fields.Has($"{architecture}.{form.Window}"))
            )
            ?? throw fields.Refuse(
                ArchitectureKey,
                $"one that Espalier knows ({string.Join(", ", Family.All.Select(f => f.Gguf?.Architecture).OfType<string>().Distinct())})"
            );
        ModelConfig config = ConfigReader.Read(AsJson(file, family, family.Gguf!), null);
        return config with { Layers = Sized(fields, config, architecture) };
    }

    static JsonFields AsJson(GgufFile file, Family family, GgufForm form)
    {
        GgufFields fields = file.Fields;
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model_type", family.ModelType);
            if (file.Find("token_embd.weight")?.Extents is [long rows, _])
            {
                json.WriteNumber("vocab_size", rows);
            }

            foreach (GgufField field in form.Fields)
            {
                Write(json, fields, field, $"{form.Architecture}.{field.Key}");
            }

            if (form.Window is { } window)
            {
                Write(
                    json,
                    fields,
                    new GgufField(window, "sliding_window"),
                    $"{form.Architecture}.{window}"
                );
            }

            json.WriteBoolean("tie_word_embeddings", file.Find("output.weight") is null);
            json.WriteBoolean("attention_bias", file.Find("blk.0.attn_q.bias") is not null);
            json.WriteBoolean("mlp_bias", file.Find("blk.0.ffn_up.bias") is not null);
            WriteStretch(json, file, form);
            foreach (var (key, name) in Ids)
            {
                if (fields.OptionalInteger(key, 0, ConfigReader.MostRows) is { } id)
                {
                    json.WriteNumber(name, id);
                }
            }

            json.WriteStartArray("eos_token_id");
            foreach (string key in Ends)
            {
                if (fields.OptionalInteger(key, 0, ConfigReader.MostRows) is { } id)
                {
                    json.WriteNumberValue(id);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return JsonFile.Parse(
            $"{file.Path} (its keys under the names of config.json)",
            buffer.WrittenMemory
        );
    }

    static void Write(Utf8JsonWriter json, GgufFields fields, GgufField field, string key)
    {
        if (field.IsOptional && !fields.Has(key))
        {
            return;
        }

        if (!field.IsWhole)
        {
            json.WriteNumber(
                field.Name,
                fields.OptionalNumber(key, 0, 1e12) ?? throw fields.Refuse(key, "a number")
            );
            return;
        }

        json.WriteNumber(
            field.Name,
            fields.IsList(key)
                ? fields.OptionalIntegers(key, 0, int.MaxValue)!.DefaultIfEmpty().Max()
                : fields.Integer(key, 0, int.MaxValue)
        );
    }

    /// <summary>Where layers differ, a key holds a number for each.</summary>
    static IReadOnlyList<Block> Sized(GgufFields fields, ModelConfig config, string architecture)
    {
        int[]? heads = Each("attention.head_count"),
            keys = Each("attention.head_count_kv") ?? Every("attention.head_count_kv"),
            neurons = Each("feed_forward_length");
        return
        [
            .. config.Layers.Select(
                (block, i) =>
                {
                    int here = heads?[i] ?? block.Attention.Heads,
                        shared = keys is null
                            ? block.Attention.HeadsPerKey
                            : here / Math.Max(1, keys[i]);
                    return here > 0 && shared > 0 && (keys is null || shared * keys[i] == here)
                        ? block.With(here, neurons?[i] ?? block.Mlp.Width) with
                        {
                            Attention = block.Attention with { Heads = here, HeadsPerKey = shared },
                        }
                        : throw fields.Refuse(
                            $"{architecture}.attention.head_count",
                            $"as many heads of queries in layer {i} as its heads of keys share evenly"
                        );
                }
            ),
        ];

        // As many heads of keys in every layer, however many heads of queries share them there.
        int[]? Every(string key) =>
            heads is not null
            && fields.OptionalInteger($"{architecture}.{key}", 1, ConfigReader.MostWide)
                is { } count
                ? [.. config.Layers.Select(_ => count)]
                : null;

        int[]? Each(string key)
        {
            string full = $"{architecture}.{key}";
            return !fields.IsList(full) ? null
                : fields.OptionalIntegers(full, 1, 16 * ConfigReader.MostWide) is { } each
                && each.Count == config.Layers.Count
                    ? [.. each]
                : throw fields.Refuse(
                    full,
                    $"a number for each of the {config.Layers.Count} layers"
                );
        }
    }

    static void WriteStretch(Utf8JsonWriter json, GgufFile file, GgufForm form)
    {
        GgufFields fields = file.Fields;
        string front = form.Architecture + ".rope.scaling.",
            type = fields.OptionalString(front + "type") ?? "none";
        double factor = fields.OptionalNumber(front + "factor", 1, 1e6) ?? 1;
        int? trained = fields.OptionalInteger(
            front + "original_context_length",
            1,
            ConfigReader.MostRows
        );
        bool isLlama3 = file.Find(RotaryFactors) is not null;
        if (!isLlama3 && (type == "none" || type == "linear" && factor == 1))
        {
            return;
        }

        if (isLlama3)
        {
            double theta =
                fields.OptionalNumber(form.Architecture + ".rope.freq_base", 1, 1e12) ?? 10_000;
            (type, factor, trained) = ("llama3", Llama3(file, (float)theta), Llama3Trained);
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", type);
        json.WriteNumber("factor", factor);
        json.WriteNumber("low_freq_factor", LowFactor);
        json.WriteNumber("high_freq_factor", HighFactor);
        if (trained is { } tokens)
        {
            json.WriteNumber("original_max_position_embeddings", tokens);
        }

        json.WriteEndObject();
    }

    /// <summary>The factor of Llama 3.1's stretching, proven against what the file holds for each pair of columns.</summary>
    static double Llama3(GgufFile file, float theta)
    {
        float[] divisors = file.ReadFinite(RotaryFactors).Span.ToArray();
        double factor = Math.Round(divisors.DefaultIfEmpty().Max(), 4);
        if (factor >= 1)
        {
            float[] made = Divisors(
                new Rotary(theta)
                {
                    Scaling = new RotaryScaling(RotaryStretch.Llama3, factor, Llama3Trained)
                    {
                        LowFactor = LowFactor,
                        HighFactor = HighFactor,
                    },
                },
                2 * divisors.Length
            );
            if (made.Zip(divisors).All(d => Math.Abs(d.First - d.Second) <= 1e-3 * d.Second))
            {
                return factor;
            }
        }

        throw new InvalidDataException(
            $"{file.Path}: tensor '{RotaryFactors}' stretches positions otherwise than Llama 3.1, which Espalier does not know; take the model in Hugging Face's form."
        );
    }

    /// <summary>What each pair's frequency is divided by, as GGUF holds it.</summary>
    public static float[] Divisors(Rotary rotary, int width) =>
        [
            .. (rotary with { Scaling = null })
                .Frequencies(width)
                .Zip(rotary.Frequencies(width), (plain, stretched) => plain / stretched),
        ];

    /// <summary>Writes what <see cref="Read"/> reads, but for what the tokenizer says.</summary>
    /// <exception cref="InvalidDataException">GGUF has no such family, or no such window.</exception>
    public static void Write(GgufWriter writer, Model model)
    {
        ModelConfig config = model.Config;
        GgufForm form =
            config.Family.Gguf
            ?? throw new InvalidDataException(
                $"GGUF files of a {config.Family.ModelType} model are not written; keep it as a folder."
            );
        int? reach = config.Layers.Max(l => l.Attention.Reach);
        if (reach is not null && form.Window is null)
        {
            throw new InvalidDataException(
                $"GGUF cannot say that a {config.Family.ModelType} model sees {reach + 1} tokens of the past alone in some layers; keep it as a folder."
            );
        }

        if (!form.SaysHeadWidth && config.Layers.Any(l => l.Attention.Columns != config.Hidden))
        {
            throw new InvalidDataException(
                $"GGUF has no place for the width of a head in a {config.Family.ModelType} model, whose heads fill {config.Hidden} columns there, and pruned heads do not; keep it as a folder."
            );
        }

        string front = form.Architecture + ".";
        writer.Add(ArchitectureKey, form.Architecture);
        using JsonDocument document = JsonDocument.Parse(ConfigWriter.HuggingFace(model));
        foreach (GgufField field in form.Fields)
        {
            if (
                document.RootElement.TryGetProperty(field.Name, out JsonElement value)
                && value.ValueKind == JsonValueKind.Number
            )
            {
                writer.Add(
                    front + field.Key,
                    Each(config, field.Name)
                        ?? (field.IsWhole ? value.GetUInt32() : (object)value.GetSingle())
                );
            }
        }

        if (reach is { } far)
        {
            writer.Add($"{front}{form.Window}", (uint)far + 1);
        }

        writer.Add(front + "vocab_size", (uint)config.Vocabulary);
        AttentionSpec attention = (
            config.Layers.FirstOrDefault(l => l.Attention.Reach is null) ?? config.Layers[0]
        ).Attention;
        if (attention.Rotary is { } rotary)
        {
            writer.Add(front + "attention.value_length", (uint)attention.Width);
            writer.Add(front + "rope.dimension_count", (uint)attention.Width);
            writer.Add(front + "rope.freq_base", rotary.Base);
            WriteStretch(writer, front + "rope.scaling.", rotary, attention.Width);
        }
    }

    /// <summary>Null: a number is the same in all layers.</summary>
    static uint[]? Each(ModelConfig config, string field)
    {
        Func<Block, int>? of = field switch
        {
            "num_attention_heads" => l => l.Attention.Heads,
            "num_key_value_heads" => l => l.Attention.KeyHeads,
            "intermediate_size" or "n_inner" => l => l.Mlp.Width,
            _ => null,
        };
        return of is null || config.Layers.Select(of).Distinct().Count() == 1
            ? null
            : [.. config.Layers.Select(l => (uint)of(l))];
    }

    static void WriteStretch(GgufWriter writer, string front, Rotary rotary, int width)
    {
        switch (rotary.Scaling)
        {
            case { Stretch: RotaryStretch.Linear } linear:
                writer.Add(front + "type", "linear");
                writer.Add(front + "factor", (float)linear.Factor);
                break;
            case { Stretch: RotaryStretch.Yarn } yarn:
                writer.Add(front + "type", "yarn");
                writer.Add(front + "factor", (float)yarn.Factor);
                writer.Add(front + "original_context_length", (uint)yarn.Trained);
                break;
            case { Stretch: RotaryStretch.Llama3 }:
                float[] divisors = Divisors(rotary, width);
                writer.Add(
                    RotaryFactors,
                    new Tensor(new Shape(divisors.Length), divisors),
                    DType.F32
                );
                break;
        }
    }
}
