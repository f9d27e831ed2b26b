using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>Tokens of a language model leave early, and those behind them see what is right.</summary>
public sealed class TokenExitTests
{
    const string Gpt2 = """
        {"model_type":"gpt2","vocab_size":96,"n_embd":32,"n_layer":4,"n_head":4,"n_positions":64,"n_inner":64,
         "layer_norm_epsilon":1e-5,"initializer_range":0.3}
        """;

    const string Qwen3 = """
        {"model_type":"qwen3","vocab_size":96,"hidden_size":32,"num_hidden_layers":4,"num_attention_heads":4,
         "num_key_value_heads":2,"head_dim":16,"intermediate_size":64,"max_position_embeddings":64,"rms_norm_eps":1e-5,
         "tie_word_embeddings":false,"initializer_range":0.3}
        """;

    const string Mistral = """
        {"model_type":"mistral","vocab_size":96,"hidden_size":32,"num_hidden_layers":4,"num_attention_heads":4,
         "num_key_value_heads":2,"intermediate_size":64,"max_position_embeddings":64,"rms_norm_eps":1e-5,
         "sliding_window":6,"tie_word_embeddings":true,"initializer_range":0.3}
        """;

    static readonly int[][] Texts =
    [
        [.. Enumerable.Range(0, 37).Select(i => 3 + i * 29 % 91)],
        [7],
        [.. Enumerable.Range(0, 18).Select(i => 90 - i * i % 77)],
    ];

    public static Model Llama() => WithExits(ToyLlama.Model(layers: 4), [0, 2]);

    static Model Of(string config, int[] exits)
    {
        ModelConfig read = ConfigReader.Read(
            JsonFile.Parse("config.json", System.Text.Encoding.UTF8.GetBytes(config)),
            null
        );
        Parameters parameters = new();
        Drawing.Missing(parameters, read, new Rng(3));
        return WithExits(new Model(read, parameters, new Traits()), exits);
    }

    /// <summary>With norms that differ from the last one's.</summary>
    static Model WithExits(Model model, int[] exits)
    {
        ModelConfig config = model.Config with { HeadExits = exits };
        Parameters parameters = model.Parameters.Clone();
        Drawing.Missing(parameters, config, new Rng(4));
        foreach (string name in parameters.Names.Where(n => n.StartsWith("exits.")))
        {
            Span<float> norm = parameters[name].Span;
            for (int i = 0; i < norm.Length; i++)
            {
                norm[i] += 0.2f * new Rng(5).Split(name).Normal((ulong)i);
            }
        }

        return model with
        {
            Config = config,
            Parameters = parameters.InOrder(config),
        };
    }

    static Model Named(string name) =>
        name switch
        {
            "gpt2" => Of(Gpt2, [0, 1, 2]),
            "qwen3" => Of(Qwen3, [1, 2]),
            "mistral" => Of(Mistral, [0, 1]),
            _ => Llama(),
        };

    static Traits Form(string precision) =>
        precision switch
        {
            "int8" => new Traits(Precision.Int8),
            "int4" => new Traits(Precision.Int4, Group: 32),
            _ => new Traits(),
        };

    public static TheoryData<string, string, string> Cases() =>
        new()
        {
            { "llama", "fp32", "confidence:0.25" },
            { "llama", "fp32", "entropy:2.7" },
            { "llama", "fp32", "patience:1" },
            { "llama", "fp32", "exit:2" },
            { "llama", "int8", "confidence:0.23" },
            { "llama", "int4", "confidence:0.25" },
            { "llama", "int4", "patience:1" },
            { "gpt2", "fp32", "normalized:0.6" },
            { "gpt2", "int8", "patience:1" },
            { "gpt2", "int4", "normalized:0.58" },
            { "qwen3", "fp32", "confidence:0.3" },
            { "mistral", "fp32", "entropy:2" },
            { "mistral", "int8", "entropy:2" },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Windows_and_texts_that_grow_are_given_what_computing_everything_anew_gives(
        string name,
        string precision,
        string rule
    )
    {
        using Workers workers = new(2);
        Model model = Named(name) with { Traits = Form(precision) };
        Effort effort = Effort.Parse(rule);
        PlainLeaving plain = new(model, effort, workers);
        List<(int Exit, float[] Scores)>[] expected = [.. Texts.Select(plain.Read)];
        int[] exits = [.. expected.SelectMany(e => e.Select(t => t.Exit)).Distinct().Order()];
        Assert.True(
            plain.Margin > 1e-4 && (effort.Rule == ExitRule.Exit || exits.Length > 1),
            $"{plain.Margin:g2} from the threshold, exits {string.Join(",", exits)}"
        );
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            PackedModel packed = new(model, workers, family);
            string where = $"{name} {precision} {effort} {family.Name}";
            Same(expected, Scored(packed, workers, effort), $"{where}, windows");
            Same(expected, Grown(packed, workers, effort), $"{where}, steps");
        }
    }

    static void Same(
        List<(int Exit, float[] Scores)>[] expected,
        (int Exit, float[]? Scores)[][] found,
        string where
    )
    {
        for (int s = 0; s < expected.Length; s++)
        {
            for (int t = 0; t < expected[s].Count; t++)
            {
                if (found[s][t].Scores is not { } scores)
                {
                    continue;
                }

                Assert.True(
                    expected[s][t].Exit == found[s][t].Exit,
                    $"{where}: token {t} of text {s} left at {found[s][t].Exit} instead of {expected[s][t].Exit}"
                );
                // One number that is rounded the other way in integers moves a score by that much.
                double largest = expected[s][t].Scores.Max(Math.Abs),
                    bound = where.Contains("fp32") ? 2e-4 : 1e-2,
                    off = expected[s][t].Scores.Zip(scores, (a, b) => Math.Abs(a - b)).Max();
                Assert.True(
                    off <= bound * largest,
                    $"{where}: token {t} of text {s} is off by {off:g3} of {largest:g3}"
                );
            }
        }
    }

    /// <summary>All texts whole, beside each other.</summary>
    static (int, float[]?)[][] Scored(PackedModel packed, Workers workers, Effort effort)
    {
        (int, float[]?)[][] found = [.. Texts.Select(t => new (int, float[]?)[t.Length])];
        int[] starts = [0, .. Texts.Select((_, s) => Texts.Take(s + 1).Sum(t => t.Length))];
        int given = 0;
        LanguageSession session = new(packed, workers);
        for (int again = 0; again < 2; again++)
        {
            session.Score(
                new Batch
                {
                    Ids = [.. Texts.SelectMany(t => t)],
                    TypeIds = new int[starts[^1]],
                    Starts = starts,
                },
                effort,
                (tokens, exit, logits) =>
                {
                    for (int r = 0; r < logits.Rows; r++)
                    {
                        int s = Array.FindLastIndex(starts, b => b <= tokens[r]);
                        found[s][tokens[r] - starts[s]] = (exit, logits.Row(r).ToArray());
                        given++;
                    }
                }
            );
        }

        Assert.Equal(2 * starts[^1], given);
        return found;
    }

    /// <summary>Each text in pieces, beside the others' pieces: some long, most of a token.</summary>
    static (int, float[]?)[][] Grown(PackedModel packed, Workers workers, Effort effort)
    {
        LanguageSession session = new(packed, workers);
        (int, float[]?)[][] found = [.. Texts.Select(t => new (int, float[]?)[t.Length])];
        Past[] pasts = [.. Texts.Select(_ => session.Begin())];
        for (int step = 0; ; step++)
        {
            int[] going =
            [
                .. Enumerable.Range(0, Texts.Length).Where(s => pasts[s].Length < Texts[s].Length),
            ];
            if (going.Length == 0)
            {
                return found;
            }

            int[] counts =
            [
                .. going.Select(s =>
                    Math.Min(step == s ? 9 : 1, Texts[s].Length - pasts[s].Length)
                ),
            ];
            int[] ids =
            [
                .. going.SelectMany((s, i) => Texts[s].Skip(pasts[s].Length).Take(counts[i])),
            ];
            Tensor scores = session.Step([.. going.Select(s => pasts[s])], ids, counts, effort);
            for (int i = 0; i < going.Length; i++)
            {
                found[going[i]][pasts[going[i]].Length - 1] = (
                    session.Exits[i],
                    scores.Row(i).ToArray()
                );
            }
        }
    }

    [Theory]
    [InlineData("llama", "fp32", "confidence:0.15")]
    [InlineData("gpt2", "int4", "patience:1")]
    public void Texts_are_written_as_if_everything_were_computed_anew(
        string name,
        string precision,
        string rule
    )
    {
        using Workers workers = new(2);
        Model model = Named(name) with { Traits = Form(precision) };
        Effort effort = Effort.Parse(rule);
        Generator generator = new(new PackedModel(model, workers, KernelFamily.Best), workers)
        {
            Effort = effort,
        };
        SamplingOptions options = new() { MaxTokens = 14, EndIds = [] };
        Generation[] texts =
        [
            generator.Begin(Texts[0][..11], options),
            generator.Begin([5], options),
        ];
        while (generator.Step(texts)) { }

        int[][] prompts = [Texts[0][..11], [5]];
        for (int s = 0; s < texts.Length; s++)
        {
            List<int> written = [.. prompts[s]];
            List<int> exits = [];
            for (int t = 0; t < 14; t++)
            {
                var (exit, scores) = new PlainLeaving(model, effort, workers).Read(written)[^1];
                written.Add(Array.IndexOf(scores, scores.Max()));
                exits.Add(exit);
            }

            Assert.Equal(written.Skip(prompts[s].Length), texts[s].Ids);
            Assert.Equal(exits.Average(model.Config.LayersAt), texts[s].AverageLayers, 1e-9);
            Assert.True(texts[s].AverageLayers < model.Config.Layers.Count);
        }
    }

    [Theory]
    [InlineData("fp32", "confidence:0.15")]
    [InlineData("int8", "patience:1")]
    [InlineData("int4", "entropy:3")]
    public void A_token_that_may_leave_allocates_nothing(string precision, string rule)
    {
        using Workers workers = new(2);
        Model model = Llama() with { Traits = Form(precision) };
        Generator generator = new(new PackedModel(model, workers, KernelFamily.Best), workers)
        {
            Effort = Effort.Parse(rule),
        };
        SamplingOptions options = new() { MaxTokens = 120, EndIds = [] };
        Generation[] texts = [.. Texts.Select(_ => generator.Begin([5], options))];

        // Of each number of rows there is a view, once.
        for (int i = 0; i < 60; i++)
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
        Assert.True(allocated == 0, $"{allocated} bytes");
    }

    [Fact]
    public void At_full_effort_a_model_with_exits_says_what_it_says_without()
    {
        using Workers workers = new(2);
        foreach (string name in (string[])["llama", "gpt2", "qwen3", "mistral"])
        {
            Model model = Named(name);
            Assert.Equal(Full(model.WithoutExits(), workers), Full(model, workers));
        }

        static float[] Full(Model model, Workers workers)
        {
            List<float> all = [];
            new LanguageSession(new PackedModel(model, workers, KernelFamily.Best), workers).Score(
                new Batch
                {
                    Ids = Texts[0],
                    TypeIds = new int[Texts[0].Length],
                    Starts = [0, Texts[0].Length],
                },
                Effort.Full,
                (_, _, logits) => all.AddRange(logits.Span)
            );
            return [.. all.Select(x => MathF.Round(x, 4))];
        }
    }

    [Theory]
    [InlineData("fp32", "full")]
    [InlineData("int8", "full")]
    [InlineData("fp32", "confidence:0.25")]
    public void Padding_what_is_read_in_a_step_changes_no_answer(string precision, string rule)
    {
        using Workers workers = new(2);
        Model model = Llama() with { Traits = Form(precision) };
        PackedModel packed = new(model, workers, KernelFamily.Best);
        Effort effort = Effort.Parse(rule);

        Assert.Equal(Read(pads: false), Read(pads: true));

        float[] Read(bool pads)
        {
            LanguageSession session = new(packed, workers, pads: pads);
            Past[] pasts = [.. Texts.Select(_ => session.Begin())];
            session.Step(
                pasts,
                [.. Texts.SelectMany(t => t)],
                [.. Texts.Select(t => t.Length)],
                effort
            );
            Assert.Equal(Texts.Select(t => t.Length), pasts.Select(p => p.Length));
            return [.. session.Step(pasts, [1, 2, 3], [1, 1, 1], effort).Span];
        }
    }

    [Fact]
    public void Layers_and_multiply_adds_of_windows_are_those_of_their_tokens()
    {
        using Workers workers = new(2);
        Model model = Named("gpt2");
        LanguageSession session = new(new PackedModel(model, workers, KernelFamily.Best), workers);
        Batch batch = new()
        {
            Ids = [.. Texts[0], .. Texts[2]],
            TypeIds = new int[Texts[0].Length + Texts[2].Length],
            Starts = [0, Texts[0].Length, Texts[0].Length + Texts[2].Length],
        };
        Effort[] efforts = [Effort.First, Effort.Parse("exit:3"), Effort.Full];

        ExitRecord record = QualityMeter.Run(
            session,
            workers,
            [batch],
            efforts,
            null,
            TestContext.Current.CancellationToken
        );

        Assert.Equal([1, 3, 4], efforts.Select(e => record.At(e).AverageLayers));
        double expected =
            (
                model.Config.MultiplyAdds(Texts[0].Length)
                + model.Config.MultiplyAdds(Texts[2].Length)
            ) / 2.0;
        Assert.Equal(
            expected,
            record.At(Effort.Full).AverageMultiplyAdds(true, null),
            1e-6 * expected
        );

        // Three layers, and of the fourth keys and values.
        ModelConfig three = model.Config with
        {
            Layers = [.. model.Config.Layers.Take(3)],
            HeadExits = [],
        };
        expected =
            (three.MultiplyAdds(Texts[0].Length) + three.MultiplyAdds(Texts[2].Length)) / 2.0
            + batch.Tokens / 2.0 * 2 * 32 * 32;
        Assert.Equal(
            expected,
            record.At(Effort.Parse("exit:3")).AverageMultiplyAdds(true, null),
            1e-6 * expected
        );
        Assert.Contains(
            "did not run at patience:1",
            Assert.Throws<ArgumentException>(() => record.At(Effort.Parse("patience:1"))).Message
        );
    }
}
