using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Stored;
using Espalier.Stored.Formats;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Models;

/// <summary>Language models in GGUF files, both ways.</summary>
[Trait("tier", "golden")]
public sealed class GgufModelTests
{
    public static TheoryData<string> Families => [.. ToyDecoders.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_model_written_as_GGUF_is_read_back_with_every_number_and_answers_the_same(
        string name
    )
    {
        using TemporaryFolder folder = new();
        using Workers workers = new(1);
        Model model = ToyDecoders.Load(name);
        GgufModel.Save(model, folder["a.gguf"], DType.F32);
        LoadedModel read = ModelFolder.Load(folder["a.gguf"]);
        Assert.Empty(read.Notes);
        read.Model.Check();
        Assert.Equal(model.Parameters.Names, read.Model.Parameters.Names);
        Assert.All(
            model.Parameters.Names,
            n => Assert.Equal(model.Parameters[n].Span, read.Model.Parameters[n].Span)
        );
        Assert.Equal(ToyDecoders.Logits(model, workers), ToyDecoders.Logits(read.Model, workers));
        Assert.Equal(read.Model.Config.Layers, ModelFolder.Config(folder["a.gguf"]).Layers);

        GgufModel.Save(read.Model, folder["b.gguf"], null);
        Assert.Equal(File.ReadAllBytes(folder["a.gguf"]), File.ReadAllBytes(folder["b.gguf"]));
    }

    [Theory]
    [InlineData(DType.F16, DType.F16)]
    [InlineData(DType.BF16, DType.BF16)]
    [InlineData(DType.Q8_0, DType.Q8_0)]
    [InlineData(DType.Q4_0, DType.Q8_0)]
    public void Matrices_stay_in_their_form_from_the_file_to_the_next_file(DType type, DType words)
    {
        using TemporaryFolder folder = new();
        Model model = ToyLlama.Model();
        GgufModel.Save(model, folder["a.gguf"], type);
        Model read = ModelFolder.Load(folder["a.gguf"], asStored: true).Model;
        foreach (string name in read.Parameters.Names)
        {
            Weight weight = read.Parameters.Stored(name);
            DType expected =
                weight.Shape.Rank == 1 ? DType.F32
                : name == Part.Word.Weight ? words
                : type;
            Assert.Equal(
                expected,
                (weight as Blocks)?.Type ?? (weight as HalfWidth)?.Type ?? DType.F32
            );
            if (BlockFormat.Find(expected) is { } format)
            {
                // Heads' rows change places in the file, and each is rounded by itself.
                Weight rounded = Blocks.Of(model.Parameters[name], format);
                Assert.Equal(rounded.Dense().Span, weight.Dense().Span);
                Assert.Equal(rounded.Dense().Span, weight.Loaded().Dense().Span);
            }
        }

        GgufModel.Save(read, folder["b.gguf"], null);
        using GgufFile a = GgufFile.Open(folder["a.gguf"]);
        using GgufFile b = GgufFile.Open(folder["b.gguf"]);
        Assert.Equal(
            a.Tensors,
            b.Tensors.Select((t, i) => t with { Offset = a.Tensors[i].Offset })
        );
        Assert.All(a.Tensors, t => Assert.Equal(a.ReadBytes(t.Name), b.ReadBytes(t.Name)));
    }

    [Fact]
    public void A_model_in_blocks_is_not_in_memory_but_for_its_packed_form()
    {
        using TemporaryFolder folder = new();
        using Workers workers = new(1);
        GgufModel.Save(ToyLlama.Model(), folder["a.gguf"], DType.Q4_0);
        Model read = ModelFolder.Load(folder["a.gguf"]).Model;

        // The plain loops of the reference, which may be forced, spread codes to bytes.
        KernelFamily fast = KernelFamily.All.First(k => k.IsSupported);
        PackedModel packed = new(read, workers, fast);
        Assert.InRange(packed.Bytes, 1, 1.15 * new FileInfo(folder["a.gguf"]).Length);
    }

    [Theory]
    [InlineData("opt", "of a opt model are not written")]
    [InlineData("gemma3", "of a gemma3_text model are not written")]
    [InlineData("qwen2", "tokens of the past alone")]
    public void What_GGUF_cannot_say_is_not_written(string name, string fact)
    {
        using TemporaryFolder folder = new();
        Model model = ModelFolder.Load(ToyDecoders.Folder(name)).Model;
        Assert.Contains(
            fact,
            Assert
                .Throws<InvalidDataException>(() => GgufModel.Save(model, folder["a.gguf"], null))
                .Message
        );
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void Layers_that_differ_in_heads_and_width_are_written_and_read()
    {
        using TemporaryFolder folder = new();
        using Workers workers = new(1);
        Model model = ToyLlama.Model(uneven: true);
        GgufModel.Save(model, folder["a.gguf"], DType.F32);
        Model read = ModelFolder.Load(folder["a.gguf"]).Model;
        Assert.Equal([4, 2], read.Config.Layers.Select(l => l.Attention.Heads));
        Assert.Equal([128, 96], read.Config.Layers.Select(l => l.Mlp.Width));
        Assert.Equal(ToyDecoders.Logits(model, workers), ToyDecoders.Logits(read, workers));
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_with_one_sentence()
    {
        using TemporaryFolder folder = new();
        GgufModel.Save(ToyLlama.Model(), folder["a.gguf"], DType.Q8_0);
        using GgufFile sound = GgufFile.Open(folder["a.gguf"]);
        Skip("general.architecture", "'general.architecture' is missing");
        Key("general.architecture", "mamba", "'mamba'", "llama", "gpt2");
        Skip("llama.block_count", "'llama.block_count' is missing");
        Key("llama.block_count", 3u, "'blk.2.attn_norm.weight'", "missing");
        Key("llama.block_count", 100_000u, "num_hidden_layers", "1,024");
        Key("llama.embedding_length", 128u, "'token_embd.weight' is [96, 64]", "[96, 128]");
        Key("llama.embedding_length", "64", "'llama.embedding_length' is '64'");
        Key("llama.attention.head_count", 0u, "num_attention_heads");
        Key("llama.attention.head_count", new[] { 4u }, "each of the 2 layers");
        Key("llama.attention.head_count_kv", 3u, "num_key_value_heads", "divisor");
        Key("llama.rope.scaling.type", "longrope", "longrope");
        Skip("token_embd.weight", "vocab_size");
        Skip("blk.1.ffn_up.weight", "'blk.1.ffn_up.weight' [128, 64] is missing");
        Damage("blk.1.ffn_up.weight", "NaN or infinite in block 0");
        Damage("output_norm.weight", "'output_norm.weight' of F32 [64] holds NaN at index 0");

        void Skip(string name, params string[] facts) => Refused(name, null, null, facts);
        void Key(string name, object value, params string[] facts) =>
            Refused(name, value, null, facts);
        void Damage(string name, params string[] facts) => Refused(null, null, name, facts);
        void Refused(string? without, object? value, string? damaged, string[] facts)
        {
            GgufWriter writer = new();
            writer.Add(sound.Fields, key => key != without);
            if (value is not null)
            {
                writer.Add(without!, value);
            }

            foreach (TensorEntry tensor in sound.Tensors.Where(t => t.Name != without))
            {
                byte[] bytes = sound.ReadBytes(tensor.Name);
                if (tensor.Name == damaged)
                {
                    bytes.AsSpan(0, 4).Fill(0xFF);
                }

                writer.Add(
                    tensor.Name,
                    new Shape([.. tensor.Extents.Select(e => (int)e)]),
                    tensor.Type,
                    to => to.Write(bytes)
                );
            }

            writer.Write(folder["b.gguf"]);
            string message = Assert
                .Throws<InvalidDataException>(() => ModelFolder.Load(folder["b.gguf"]))
                .Message;
            Assert.StartsWith(folder["b.gguf"], message);
            Assert.EndsWith(".", message);
            Assert.All(facts, fact => Assert.Contains(fact, message));
        }
    }
}
