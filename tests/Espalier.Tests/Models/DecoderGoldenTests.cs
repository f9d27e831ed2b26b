using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Models;

/// <summary>Language models against transformers, in the kernels that ESPALIER_KERNELS chooses.</summary>
[Trait("tier", "golden")]
public sealed class DecoderGoldenTests
{
    public static TheoryData<string> Decoders => [.. Names()];

    public static TheoryData<string, string> Forms
    {
        get
        {
            TheoryData<string, string> forms = [];
            foreach (string name in Names())
            {
                foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
                {
                    forms.Add(name, family.Name);
                }
            }

            return forms;
        }
    }

    static string[] Names() =>
        [
            "gpt2",
            "llama",
            "llama-tied",
            "llama-biases",
            "llama-linear",
            "llama-dynamic",
            "llama-3",
            "llama-yarn",
            "mistral",
            "qwen2",
            "qwen3",
            "opt",
            "gemma",
            "gemma3",
        ];

    static string Folder(string name) =>
        Directory.Exists(Golden.Own("families", name))
            ? Golden.Own("families", name)
            : Golden.Path("models", name);

    static JsonDocument Facts(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(name), "io.json")));

    static SafetensorsFile Numbers(string name) =>
        SafetensorsFile.Open(Path.Combine(Folder(name), "io.safetensors"));

    static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(i => i.GetInt32())];

    /// <summary>Rows [T] of a padded [batch, width, columns].</summary>
    static float[] Picked(Tensor padded, int[] rows, int from = 0) =>
        [.. rows.SelectMany(r => padded.Row(from + r).ToArray())];

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Graph_gives_hidden_states_logits_loss_and_every_gradient_of_transformers(
        string name
    )
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        model.Check();
        using SafetensorsFile io = Numbers(name);
        using JsonDocument facts = Facts(name);
        var (batch, rows) = GoldenBatch.Read(io);
        using Workers workers = new(2);
        Tape tape = new(workers, KernelFamily.Best);
        ModelGraph graph = new(model);
        tape.Begin();
        GraphOutput output = graph.Forward(tape, batch);
        Variable loss = tape.NextToken(output.LastLogits, batch.NextTokens());
        tape.Backward(loss);

        Tensor states = io.Read("hidden_states");
        int perLayer = states.Rows / states.Shape[0];
        for (int layer = 0; layer <= output.Layers.Count; layer++)
        {
            Variable state = layer == 0 ? output.Embedding : output.Layers[layer - 1];
            Close.To(
                state.Value.Span,
                Picked(states, rows, layer * perLayer),
                2e-5,
                1e-4,
                $"hidden state {layer}"
            );
        }

        Close.To(
            output.LastLogits.Value.Span,
            Picked(io.Read("logits"), rows),
            2e-5,
            1e-4,
            "logits"
        );
        double expected = facts.RootElement.GetProperty("loss").GetDouble();
        Assert.InRange(
            loss.Value.Span[0],
            expected - 2e-5 - 1e-4 * expected,
            expected + 2e-5 + 1e-4 * expected
        );
        foreach (var (parameter, variable) in graph.Trained)
        {
            var (file, piece, pieces, turned) = model.Config.Family.NameOf(Part.Of(parameter));
            Tensor whole = io.Read("grad." + model.Config.Family.FileName(parameter));
            whole = turned && whole.Shape.Rank == 2 ? whole.Transposed() : whole;
            int count = whole.Count / pieces;
            Tensor reference = new(variable.Value.Shape, whole.Span.Slice(piece * count, count));
            double atol = Math.Max(1e-6, 1e-5 * Close.Largest(whole));
            Close.To(variable.Gradient!, reference, atol, 0, $"gradient of {parameter} ({file})");
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Sessions_give_the_logits_of_transformers_at_once_and_token_by_token(
        string name,
        string family
    )
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = Numbers(name);
        var (batch, rows) = GoldenBatch.Read(io);
        Tensor expected = new(
            new Shape(batch.Tokens, model.Config.Vocabulary),
            Picked(io.Read("logits"), rows)
        );
        using Workers workers = new(2);
        PackedModel packed = new(model, workers, KernelFamily.Choose(family));
        LanguageSession session = new(packed, workers);
        Tensor all = new(expected.Shape);
        session.Score(
            batch,
            (row, logits) => logits.Span.CopyTo(all.Span[(row * logits.Columns)..])
        );
        Close.To(all, expected, 2e-5, 1e-4, "all at once");

        // Sequences of all lengths step together, and leave when they are at their end.
        Past[] pasts = [.. Enumerable.Range(0, batch.Count).Select(_ => session.Begin())];
        for (int t = 0; t < 31; t++)
        {
            int[] here =
            [
                .. Enumerable
                    .Range(0, batch.Count)
                    .Where(s => batch.Starts[s] + t < batch.Starts[s + 1]),
            ];
            Tensor logits = session.Step(
                [.. here.Select(s => pasts[s])],
                [.. here.Select(s => batch.Ids[batch.Starts[s] + t])],
                [.. here.Select(_ => 1)]
            );
            for (int i = 0; i < here.Length; i++)
            {
                int row = batch.Starts[here[i]] + t;
                Close.To(
                    logits.Row(i),
                    expected.Row(row),
                    2e-5,
                    1e-4,
                    $"sequence {here[i]}, token {t}"
                );
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Greedy_ids_are_those_of_transformers_with_a_cache_and_without(
        string name,
        string family
    )
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using JsonDocument facts = Facts(name);
        JsonElement[] texts = [.. facts.RootElement.GetProperty("generation").EnumerateArray()];
        using Workers workers = new(2);
        PackedModel packed = new(model, workers, KernelFamily.Choose(family));
        Generator generator = new(packed, workers);
        SamplingOptions options = new() { MaxTokens = 20, EndIds = [] };
        Generation[] together =
        [
            .. texts.Select(t => generator.Begin(Ids(t.GetProperty("prompt")), options)),
        ];
        while (generator.Step(together)) { }

        LanguageSession session = new(packed, workers);
        for (int i = 0; i < texts.Length; i++)
        {
            int[] expected = Ids(texts[i].GetProperty("ids"));
            Assert.Equal(expected, together[i].Ids);
            Assert.Equal(EndReason.MaxTokens, together[i].End);
            Assert.Equal(
                expected,
                generator.Generate(Ids(texts[i].GetProperty("prompt")), options)
            );
            List<int> text = [.. Ids(texts[i].GetProperty("prompt"))];
            foreach (int id in expected)
            {
                int next = -1;
                session.Score(
                    new Batch
                    {
                        Ids = [.. text],
                        TypeIds = new int[text.Count],
                        Starts = [0, text.Count],
                    },
                    (_, logits) => next = Effort.Largest(logits.Row(logits.Rows - 1))
                );
                Assert.Equal(id, next);
                text.Add(next);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Perplexity_of_every_window_is_that_of_transformers(string name)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = Numbers(name);
        using JsonDocument facts = Facts(name);
        JsonElement recipe = facts.RootElement.GetProperty("sliding_window");
        using Workers workers = new(2);
        LanguageSession session = new(new PackedModel(model, workers, KernelFamily.Best), workers);
        TextLikelihood read = TextLikelihood.Of(
            session,
            workers,
            [.. io.ReadInt64("text").Select(i => (int)i)],
            recipe.GetProperty("window").GetInt32(),
            recipe.GetProperty("stride").GetInt32()
        );
        JsonElement[] windows = [.. recipe.GetProperty("windows").EnumerateArray()];
        Assert.Equal(windows.Length, read.Windows.Count);
        foreach (var (expected, window) in windows.Zip(read.Windows))
        {
            Assert.Equal(
                (
                    expected.GetProperty("begin").GetInt32(),
                    expected.GetProperty("end").GetInt32(),
                    expected.GetProperty("target_tokens").GetInt32(),
                    expected.GetProperty("scored_tokens").GetInt32()
                ),
                (window.Begin, window.End, window.Targets, window.Scored)
            );
            double sum = expected.GetProperty("nll_sum").GetDouble();
            Assert.InRange(window.LogLoss, sum * (1 - 1e-4), sum * (1 + 1e-4));
        }

        double perplexity = recipe.GetProperty("perplexity").GetDouble();
        Assert.InRange(read.Perplexity, perplexity * (1 - 1e-4), perplexity * (1 + 1e-4));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_saved_folder_answers_the_same_in_fp32_and_close_in_int8(string name)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using TemporaryFolder folder = new();
        using SafetensorsFile io = Numbers(name);
        var (batch, _) = GoldenBatch.Read(io);
        using Workers workers = new(2);
        Tensor expected = All(model);
        ModelFolder.Save(model, folder["plain"], new Dictionary<string, byte[]>());
        LoadedModel plain = ModelFolder.Load(folder["plain"]);
        Assert.Equal(expected.Span.ToArray(), All(plain.Model).Span.ToArray());
        Assert.Empty(plain.Notes);
        Assert.Equal(model.Config.Layers, plain.Model.Config.Layers);
        Assert.Contains(
            "\"transformers\": \"yes\"",
            File.ReadAllText(Path.Combine(folder["plain"], "espalier.json"))
        );

        Model int8 = model with { Traits = new Traits(Precision.Int8) };
        Tensor rounded = All(int8);
        ModelFolder.Save(int8, folder["int8"], new Dictionary<string, byte[]>());
        Assert.Equal(
            rounded.Span.ToArray(),
            All(ModelFolder.Load(folder["int8"]).Model).Span.ToArray()
        );
        Assert.NotEqual(expected.Span.ToArray(), rounded.Span.ToArray());
        Close.To(rounded, expected, 0.1 * Close.Largest(expected), 0, "int8");

        Tensor All(Model one)
        {
            Tensor all = new(batch.Tokens, one.Config.Vocabulary);
            new LanguageSession(new PackedModel(one, workers, KernelFamily.Best), workers).Score(
                batch,
                (row, logits) => logits.Span.CopyTo(all.Span[(row * logits.Columns)..])
            );
            return all;
        }
    }
}
