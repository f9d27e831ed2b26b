using Espalier.Checkpoints;
using Espalier.Models.Families;

namespace Espalier.Models.Storage;

/// <summary>Calls what Espalier does not read what it is, with the nearest that works.</summary>
static class ForeignModel
{
    const string Wanted =
        $"a folder of a model in Hugging Face's form with {ModelFolder.ConfigName} and {WeightFiles.SingleName}";
    const string Convert =
        "convert it first: from_pretrained(…).save_pretrained(…) of transformers writes safetensors";

    const string Gguf = "a GGUF file; name that file itself";
    const string Ggml =
        $"a file of llama.cpp from before GGUF; take the model that it was converted from: {Wanted}";
    const string Pickle = $"a PyTorch checkpoint that can run code when it is read; {Convert}";
    const string Onnx =
        $"an ONNX model, a graph that is exported to be run; take the model that it was exported from: {Wanted}";
    const string TensorFlow = $"a TensorFlow checkpoint; {Convert} (with from_tf=True)";
    const string Flax = $"a Flax checkpoint; {Convert} (with from_flax=True)";
    const string Export =
        $"a model exported for another runtime; take the one that it was exported from: {Wanted}";

    /// <summary>By what a file's name ends with, or is.</summary>
    static readonly (string End, string What)[] Files =
    [
        (".gguf", Gguf),
        (".ggml", Ggml),
        (".onnx", Onnx),
        (".h5", TensorFlow),
        (".ckpt.index", TensorFlow),
        (".ckpt.meta", TensorFlow),
        (".pb", TensorFlow),
        (".msgpack", Flax),
        (".tflite", Export),
        (".mlmodel", Export),
        (".mlpackage", Export),
        ("openvino_model.xml", Export),
        (".ot", Export),
        (".bin", Pickle),
        (".bin.index.json", Pickle),
        (".pt", Pickle),
        (".pth", Pickle),
        (".ckpt", Pickle),
        (".pkl", Pickle),
    ];

    const string Decoder =
        "a language model of a family that Espalier does not know. The nearest that works is HuggingFaceTB/SmolLM2-135M-Instruct";
    const string Translator =
        "a model that turns texts into other texts. Espalier reads encoders that classify texts; the nearest that works is google-bert/bert-base-uncased";
    const string Sentences =
        "a sentence encoder of its own kind. The nearest that works is sentence-transformers/all-MiniLM-L6-v2";
    const string Multilingual =
        "an encoder of another family. The nearest that works is FacebookAI/xlm-roberta-base";
    const string Encoder =
        "an encoder that computes otherwise than BERT. The nearest that works is";
    const string Senses =
        "a model of images or sound. Espalier reads encoders that classify texts, such as google-bert/bert-base-uncased";

    /// <summary>By what <c>model_type</c> begins with; the first that fits.</summary>
    static readonly (string Begin, string What)[] Types =
    [
        ("deberta", $"{Encoder} FacebookAI/roberta-base"),
        ("nomic_bert", $"{Encoder} google-bert/bert-base-uncased"),
        ("neobert", $"{Encoder} google-bert/bert-base-uncased"),
        ("mobilebert", $"{Encoder} distilbert/distilbert-base-uncased"),
        ("squeezebert", $"{Encoder} distilbert/distilbert-base-uncased"),
        ("convbert", $"{Encoder} google-bert/bert-base-uncased"),
        ("funnel", $"{Encoder} google-bert/bert-base-uncased"),
        ("longformer", $"{Encoder} FacebookAI/roberta-base"),
        ("big_bird", $"{Encoder} FacebookAI/roberta-base"),
        ("ernie", $"{Encoder} google-bert/bert-base-uncased"),
        ("xlnet", $"{Encoder} FacebookAI/roberta-base"),
        ("mpnet", Sentences),
        ("xlm", Multilingual),
        ("camembert", Multilingual),
        ("rembert", Multilingual),
        ("t5", Translator),
        ("mt5", Translator),
        ("umt5", Translator),
        ("longt5", Translator),
        ("bart", Translator),
        ("mbart", Translator),
        ("pegasus", Translator),
        ("marian", Translator),
        ("m2m_100", Translator),
        ("llama", Decoder),
        ("mistral", Decoder),
        ("mixtral", Decoder),
        ("qwen", Decoder),
        ("gemma", Decoder),
        ("phi", Decoder),
        ("gpt", Decoder),
        ("opt", Decoder),
        ("bloom", Decoder),
        ("falcon", Decoder),
        ("deepseek", Decoder),
        ("cohere", Decoder),
        ("olmo", Decoder),
        ("smollm", Decoder),
        ("granite", Decoder),
        ("mamba", Decoder),
        ("rwkv", Decoder),
        ("stablelm", Decoder),
        ("openai-gpt", Decoder),
        ("vit", Senses),
        ("clip", Senses),
        ("siglip", Senses),
        ("swin", Senses),
        ("resnet", Senses),
        ("deit", Senses),
        ("dinov", Senses),
        ("whisper", Senses),
        ("wav2vec2", Senses),
        ("hubert", Senses),
    ];

    /// <summary>What is named there and why it is not read, as a sentence; null: nothing speaks against it.</summary>
    public static string? Refusal(string path) =>
        File.Exists(path) ? FileRefusal(path)
        : !File.Exists(Path.Combine(path, ModelFolder.ConfigName)) ? FolderRefusal(path)
        : OtherFamily(path) is { } other ? other
        : HasWeights(path) ? null
        : OtherWeights(path);

    static string? FileRefusal(string path) =>
        OfName(Path.GetFileName(path)) is { } what ? $"{path} is {what}."
        : path.EndsWith(".safetensors", StringComparison.Ordinal)
            ? $"{path} is a file of weights alone; name its folder, with {ModelFolder.ConfigName} and the tokenizer beside it."
        : null;

    static string FolderRefusal(string folder)
    {
        string adapter = Path.Combine(folder, "adapter_config.json");
        if (File.Exists(adapter))
        {
            string? original = JsonFile.Read(adapter).OptionalString("base_model_name_or_path");
            return $"{folder} is a PEFT adapter (LoRA or of its kind), which holds only what was changed"
                + (original is null ? "" : $" in '{Printable.Escape(original)}'")
                + "; merge it first (merge_and_unload, then save_pretrained) and name the merged model's folder.";
        }

        if (File.Exists(Path.Combine(folder, "model_index.json")))
        {
            return $"{folder} is a pipeline of diffusers, which makes images; name {Wanted}.";
        }

        string? below = new DirectoryInfo(folder)
            .EnumerateDirectories()
            .Where(d => File.Exists(Path.Combine(d.FullName, ModelFolder.ConfigName)))
            .Select(d => d.Name)
            .Order(StringComparer.Ordinal)
            .LastOrDefault();
        return below is not null
            ? $"{folder} has no {ModelFolder.ConfigName} and folders with one; name one of those, such as {Path.Combine(folder, below)}."
            : (HasWeights(folder) ? null : OtherWeights(folder))
                ?? $"{folder} has no {ModelFolder.ConfigName}, so it is no model's folder; name {Wanted}.";
    }

    /// <summary>A family that is known to be another; what the config says beyond that is for its reader.</summary>
    static string? OtherFamily(string folder)
    {
        JsonFields config = JsonFile.Read(Path.Combine(folder, ModelFolder.ConfigName));
        if (
            config.OptionalString("model_type") is not { } type
            || Family.All.Any(f => f.ModelType == type)
        )
        {
            return null;
        }

        string? what = Types
            .Where(t => type.StartsWith(t.Begin, StringComparison.OrdinalIgnoreCase))
            .Select(t => t.What)
            .FirstOrDefault();
        string known = string.Join(", ", Family.All.Select(f => f.ModelType));
        return what is null
            ? $"{folder} is a model of type '{Printable.Escape(type)}' ({ModelFolder.ConfigName}, model_type), which Espalier does not know; it reads {known}, such as google-bert/bert-base-uncased."
            : $"{folder} is a model of type '{Printable.Escape(type)}' ({ModelFolder.ConfigName}, model_type): {what} (model_type {known} are read).";
    }

    static string? OtherWeights(string folder)
    {
        string[] names =
        [
            .. Directory
                .EnumerateFileSystemEntries(folder)
                .Select(f => Path.GetFileName(f))
                .Order(StringComparer.Ordinal),
        ];
        return OtherWeights(folder, names)
            ?? (
                Directory.Exists(Path.Combine(folder, "onnx"))
                    ? $"{folder} holds no {WeightFiles.SingleName}, and its folder 'onnx' has {Onnx}."
                    : null
            );
    }

    /// <summary>What weights of another kind there are in a place that has none of ours; null: none.</summary>
    /// <param name="place">A folder, or a repository of the hub.</param>
    /// <param name="names">Of its files, without folders.</param>
    public static string? OtherWeights(string place, IReadOnlyList<string> names)
    {
        if (
            names.FirstOrDefault(n => n.EndsWith(".safetensors", StringComparison.Ordinal)) is
            { } other
        )
        {
            return $"{place} holds {Printable.Escape(other)} and no {WeightFiles.SingleName}; name the file so if it holds the whole model.";
        }

        // In the order of the kinds, since many folders hold several.
        var found = (
            from kind in Files
            from name in names
            where IsOf(name, kind.End) && name != "training_args.bin"
            select (name, kind.What)
        ).FirstOrDefault();
        return found.name is null
            ? null
            : $"{place} holds no {WeightFiles.SingleName}, and {Printable.Escape(found.name)} is {found.What}.";
    }

    static bool HasWeights(string folder) =>
        Path.Exists(Path.Combine(folder, WeightFiles.SingleName))
        || Path.Exists(Path.Combine(folder, WeightFiles.IndexName))
        // A link that leads nowhere is refused by name when it is opened.
        || new FileInfo(Path.Combine(folder, WeightFiles.SingleName)).LinkTarget is not null;

    static string? OfName(string name) =>
        Files.Where(f => IsOf(name, f.End)).Select(f => f.What).FirstOrDefault();

    static bool IsOf(string name, string end) =>
        name.EndsWith(end, StringComparison.OrdinalIgnoreCase);
}
