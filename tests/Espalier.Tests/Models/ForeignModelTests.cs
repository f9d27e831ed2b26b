using Espalier.Models.Storage;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Models;

/// <summary>What others call a model, and Espalier does not read.</summary>
public sealed class ForeignModelTests : IDisposable
{
    readonly ToyModels _toys = new();
    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _toys.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("pytorch_model.bin", "PyTorch")]
    [InlineData("model.pt", "PyTorch")]
    [InlineData("model.onnx", "ONNX")]
    [InlineData("tf_model.h5", "TensorFlow")]
    [InlineData("bert_model.ckpt.index", "TensorFlow")]
    [InlineData("saved_model.pb", "TensorFlow")]
    [InlineData("flax_model.msgpack", "Flax")]
    public void A_file_and_a_folder_with_it_are_called_what_they_are(string name, string kind)
    {
        string file = _folder.Write(name, "0123456789");
        Refused(file, $"is a{(kind == "ONNX" ? "n" : "")} {kind}");
        Refused(Path.GetDirectoryName(file)!, kind, name);

        string folder = _toys.Bert();
        File.Delete(Path.Combine(folder, "model.safetensors"));
        File.Copy(file, Path.Combine(folder, name));
        Refused(folder, "no model.safetensors", name, kind);
    }

    [Fact]
    public void A_GGUF_is_known_by_its_first_bytes_and_named_where_a_folder_holds_it()
    {
        string file = _folder.Write("model", "GGUF\u0003...");
        Assert.Equal(file, ModelPlace.Find(file));
        string named = _folder.Write("llama-7b.Q4_K_M.gguf", "0123456789");
        Assert.Equal(named, ModelPlace.Find(named));
        Assert.Contains(
            "does not begin with the letters GGUF",
            Assert.Throws<InvalidDataException>(() => ModelFolder.Load(named)).Message
        );
        Refused(_folder.Path, "llama-7b.Q4_K_M.gguf is a GGUF file; name that file itself");
    }

    [Theory]
    [InlineData("gpt_neox", "a language model of a family", "HuggingFaceTB/SmolLM2-135M-Instruct")]
    [InlineData("qwen3_moe", "a language model of a family", "HuggingFaceTB/SmolLM2-135M-Instruct")]
    [InlineData("deberta-v2", "otherwise than BERT", "FacebookAI/roberta-base")]
    [InlineData("nomic_bert", "otherwise than BERT", "google-bert/bert-base-uncased")]
    [InlineData("t5", "turns texts into other texts", "google-bert/bert-base-uncased")]
    [InlineData("camembert", "another family", "FacebookAI/xlm-roberta-base")]
    [InlineData("mpnet", "sentence encoder", "sentence-transformers/all-MiniLM-L6-v2")]
    [InlineData("whisper", "images or sound", "google-bert/bert-base-uncased")]
    [InlineData("made-up", "does not know", "bert, roberta, distilbert")]
    public void Another_family_is_called_what_it_is_with_the_nearest_that_works(
        string type,
        string what,
        string nearest
    )
    {
        string folder = _toys.Bert(),
            config = Path.Combine(folder, "config.json");
        File.WriteAllText(config, $$"""{"model_type": "{{type}}", "hidden_size": 8}""");
        Refused(folder, $"'{type}'", what, nearest);
    }

    [Fact]
    public void A_PEFT_adapter_is_told_with_the_model_that_it_belongs_to()
    {
        _folder.Write("adapter_model.safetensors", "x");
        string file = _folder.Write(
            "adapter_config.json",
            """{"base_model_name_or_path": "google-bert/bert-base-uncased", "peft_type": "LORA"}"""
        );
        Refused(
            Path.GetDirectoryName(file)!,
            "PEFT adapter",
            "'google-bert/bert-base-uncased'",
            "merge_and_unload"
        );
    }

    [Fact]
    public void A_folder_of_models_names_one_of_them()
    {
        Directory.CreateDirectory(_folder["run/1-O"]);
        File.WriteAllText(_folder["run/1-O/config.json"], "{}");
        Refused(_folder["run"], "no config.json", _folder["run/1-O"]);
    }

    [Fact]
    public void A_folder_of_sentence_transformers_is_read_like_any_other()
    {
        string folder = _toys.Bert();
        File.WriteAllText(Path.Combine(folder, "modules.json"), "[]");
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), "{}");
        Assert.Equal(folder, ModelPlace.Find(folder));
    }

    [Fact]
    public void A_tokenizer_alone_is_enough_where_only_texts_are_read()
    {
        string folder = _toys.Bert();
        File.Delete(Path.Combine(folder, "model.safetensors"));
        File.Delete(Path.Combine(folder, "config.json"));
        Refused(folder, "no config.json");
        CommandLine.Run(["tokenize", "-m", folder], "good").Succeeds();
    }

    static void Refused(string path, params string[] words)
    {
        string sentence = Assert.Throws<InvalidDataException>(() => ModelPlace.Find(path)).Message;
        Assert.All(words, word => Assert.Contains(word, sentence));
        Assert.DoesNotContain('\n', sentence);
        CommandLine.Run("predict", "-m", path).Refuses(Espalier.Cli.ExitCode.Refused, sentence);
    }
}
