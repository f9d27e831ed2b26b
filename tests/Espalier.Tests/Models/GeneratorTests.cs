using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Families;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Models;

[Trait("tier", "golden")]
public sealed class GeneratorTests
{
    static readonly Model Llama = ModelFolder.Load(Golden.Path("models", "llama")).Model;

    static PackedModel Packed(
        Workers workers,
        string? family = null,
        Precision precision = Precision.Fp32
    ) => new(Llama with { Traits = new Traits(precision) }, workers, KernelFamily.Choose(family));

    static readonly SamplingOptions Sampled = new()
    {
        Temperature = 1.2,
        TopP = 0.9,
        Seed = 11,
        MaxTokens = 30,
        EndIds = [],
    };

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Int8)]
    public void Same_seed_same_text_whatever_the_threads_and_the_company(Precision precision)
    {
        List<IReadOnlyList<int>> texts = [];
        foreach (int threads in (int[])[1, 2, 3])
        {
            using Workers workers = new(threads);
            Generator generator = new(Packed(workers, null, precision), workers);
            texts.Add([.. generator.Generate([5, 6, 7], Sampled)]);

            // Joined later by another, which ends earlier.
            Generation text = generator.Begin([5, 6, 7], Sampled),
                other = generator.Begin([9], Sampled with { Seed = 1, MaxTokens = 4 });
            for (int i = 0; i < 5; i++)
            {
                generator.Step([text]);
            }

            while (generator.Step([other, text])) { }

            Assert.Equal(4, other.Ids.Count);
            texts.Add(text.Ids);
        }

        Assert.Equal(30, texts[0].Count);
        Assert.All(texts, t => Assert.Equal(texts[0], t));
    }

    [Theory]
    [InlineData(CacheForm.Bf16)]
    [InlineData(CacheForm.Int8)]
    public void A_smaller_cache_gives_nearly_the_same_scores(CacheForm form)
    {
        using Workers workers = new(2);
        PackedModel packed = Packed(workers);
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => 3 + i * 37 % 120)];
        Tensor expected = Logits(CacheForm.Fp32),
            rounded = Logits(form);
        Assert.NotEqual(expected.Span.ToArray(), rounded.Span.ToArray());
        Close.To(rounded, expected, 0.05 * Close.Largest(expected), 0, $"{form}");

        Tensor Logits(CacheForm kept)
        {
            LanguageSession session = new(packed, workers, kept);
            Past past = session.Begin();
            session.Step([past], ids.AsSpan(0, 30), [30]);
            for (int i = 30; i < 39; i++)
            {
                session.Step([past], ids.AsSpan(i, 1), [1]);
            }

            return session.Step([past], ids.AsSpan(39, 1), [1]).Clone();
        }
    }

    [Fact]
    public void A_full_context_is_told_and_nothing_is_shifted()
    {
        using Workers workers = new(2);
        Generator generator = new(Packed(workers), workers);
        int[] prompt = [.. Enumerable.Range(0, 60).Select(i => 3 + i)];
        SamplingOptions options = new() { EndIds = [] };
        Generation text = generator.Begin(prompt, options);
        while (generator.Step([text])) { }

        // 64 positions: the last token is chosen behind the last of them.
        Assert.Equal((EndReason.Context, 5), (text.End, text.Ids.Count));
        Assert.Throws<ArgumentException>(() => generator.Begin([.. prompt, .. prompt], options));
        Assert.Throws<ArgumentException>(() => generator.Begin([], options));
        Assert.Throws<ArgumentException>(() => generator.Begin([131], options));
    }

    [Fact]
    public void A_text_ends_behind_the_models_own_token_without_telling_it()
    {
        using Workers workers = new(1);
        Generator generator = new(Packed(workers), workers);
        SamplingOptions options = new() { EndIds = [] };
        int[] whole = [.. generator.Generate([52], options)];
        Generation text = generator.Begin([52], options with { EndIds = [whole[3]] });
        while (generator.Step([text])) { }

        Assert.Equal(whole[..3], text.Ids);
        Assert.Equal(EndReason.Token, text.End);
        Assert.Equal([2], Llama.Config.EndIds);
    }

    [Theory]
    [InlineData(1, Precision.Fp32)]
    [InlineData(2, Precision.Fp32)]
    [InlineData(2, Precision.Int8)]
    public void A_token_allocates_nothing(int threads, Precision precision)
    {
        using Workers workers = new(threads);
        foreach (
            KernelFamily family in KernelFamily.All.Where(f =>
                f.IsSupported && f.Name != "reference" // plain loops run delegates
            )
        )
        {
            Generator generator = new(Packed(workers, family.Name, precision), workers);
            SamplingOptions options = Sampled with { MaxTokens = 60, TopK = 20, MinP = 0.01 };
            Generation[] texts =
            [
                .. Enumerable.Range(0, 4).Select(i => generator.Begin([3 + i], options)),
            ];
            for (int i = 0; i < 5; i++)
            {
                generator.Step(texts);
            }

            long allocated = Allocation.Least(() =>
            {
                for (int i = 0; i < 10; i++)
                {
                    generator.Step(texts);
                }
            });
            Assert.True(allocated == 0, $"{family.Name}: {allocated} bytes");
        }
    }

    [Fact]
    public void A_long_text_read_in_pieces_answers_as_in_one_and_its_angles_are_made_as_it_grows()
    {
        using Workers workers = new(2);
        Model model = Llama with { Config = Llama.Config with { Positions = 5000 } };
        PackedModel packed = new(model, workers, KernelFamily.Best);
        int[] ids = [.. Enumerable.Range(0, 2200).Select(i => 3 + i * i % 127)];
        LanguageSession session = new(packed, workers);
        Tensor whole = new(131);
        session.Score(
            new Batch
            {
                Ids = ids,
                TypeIds = new int[ids.Length],
                Starts = [0, ids.Length],
            },
            (_, logits) => logits.Row(logits.Rows - 1).CopyTo(whole.Span),
            ids.Length - 1
        );
        Past past = session.Begin();
        Tensor last = new(131);
        for (int at = 0, next; at < ids.Length; at = next)
        {
            next = Math.Min(ids.Length, at + 700);
            session.Step([past], ids.AsSpan(at, next - at), [next - at]).Span.CopyTo(last.Span);
        }

        Close.To(last, whole, 2e-5, 1e-4, "logits");
        Assert.Equal(35, past.Room / KeyValueCache.PageTokens);
    }

    [Fact]
    public void Encoders_and_language_models_are_told_apart_where_they_are_run()
    {
        using Workers workers = new(1);
        PackedModel packed = Packed(workers);
        Assert.Contains(
            "llama",
            Assert.Throws<InvalidDataException>(() => new Session(packed, workers, null)).Message
        );
        PackedModel toy = new(Toy.Model, workers, KernelFamily.Best);
        Assert.Contains(
            "bert",
            Assert.Throws<InvalidDataException>(() => new Generator(toy, workers)).Message
        );
        Assert.Contains(
            "llama",
            Assert
                .Throws<InvalidDataException>(() =>
                    ModelFolder.Load(
                        Golden.Path("models", "llama"),
                        new Answers(["a", "b"], false, new Rng(1))
                    )
                )
                .Message
        );
    }

    [Fact]
    public void A_text_that_cannot_be_scored_is_refused()
    {
        using Workers workers = new(1);
        LanguageSession session = new(Packed(workers), workers);
        Assert.Throws<InvalidDataException>(() => TextLikelihood.Of(session, workers, [5], 64, 32));
        Assert.Throws<InvalidDataException>(() =>
            TextLikelihood.Of(session, workers, [5, 131], 64, 32)
        );
        Assert.Throws<ArgumentException>(() => TextLikelihood.Of(session, workers, [5, 6], 65, 32));
        Assert.Throws<ArgumentException>(() => TextLikelihood.Of(session, workers, [5, 6], 32, 33));
        TextLikelihood two = TextLikelihood.Of(session, workers, [5, 6], 2, 1);
        Assert.Equal((1, 1), (two.Windows.Count, two.Scored));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void Where_texts_end_is_read_from_generation_config_and_weights_of_two_bytes_stay_so(
        string name
    )
    {
        using TemporaryFolder folder = new();
        using Workers workers = new(1);
        string path = folder["half"];
        Directory.CreateDirectory(path);
        ModelFolder.Write(
            ModelFolder.Load(Golden.Path("models", name)).Model,
            path,
            new Dictionary<string, byte[]>
            {
                ["generation_config.json"] = """{"eos_token_id": [7, 9]}"""u8.ToArray(),
            },
            DType.BF16
        );
        Model half = ModelFolder.Load(path, asStored: true).Model,
            wide = ModelFolder.Load(path).Model;
        Assert.Equal([7, 9], half.Config.EndIds);
        Assert.Equal(
            2L * half.Parameters.Count,
            half.Parameters.Names.Sum(n => half.Parameters.Stored(n).Bytes)
        );
        Assert.Equal(Ids(wide), Ids(half));

        int[] Ids(Model model) =>
            [
                .. new Generator(
                    new PackedModel(model, workers, KernelFamily.Best),
                    workers
                ).Generate([52, 3, 4], new SamplingOptions { MaxTokens = 10 }),
            ];
    }

    [Fact]
    public void Multiply_adds_of_a_decoder_count_its_head_and_the_past_alone()
    {
        ModelConfig config = Llama.Config;
        AttentionSpec attention = config.Layers[0].Attention;
        long layer =
            config.Hidden * (2L * attention.Columns + 2 * attention.KeyColumns)
            + 3L * config.Hidden * config.Layers[0].Mlp.Width;
        const int tokens = 5;
        long expected =
            tokens * (config.Layers.Count * layer + (long)config.Hidden * config.Vocabulary)
            + config.Layers.Count * 2L * (tokens * (tokens + 1) / 2) * attention.Columns;
        Assert.Equal(expected, config.MultiplyAdds(tokens));
        Assert.IsAssignableFrom<Family>(config.Family);
    }
}
