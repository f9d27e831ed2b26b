using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Models;

/// <summary>Forward and backward passes against PyTorch and transformers, in the kernels that ESPALIER_KERNELS chooses.</summary>
[Trait("tier", "golden")]
public sealed class EncoderGoldenTests
{
    public static TheoryData<string> Encoders =>
        [
            "bert",
            "bert-regression",
            "roberta",
            "distilbert",
            "xlm-roberta",
            "electra",
            "albert",
            "albert-groups",
            "modernbert",
            "modernbert-mean",
            "modernbert-biases",
        ];

    static string Folder(string name) =>
        Directory.Exists(Golden.Own("families", name))
            ? Golden.Own("families", name)
            : Golden.Path("models", name);

    /// <summary>A parameter's own rows of a gradient whose tensor several parameters share.</summary>
    static Tensor Piece(Tensor whole, Model model, string parameter)
    {
        var (_, piece, pieces, _) = model.Config.Family.NameOf(Part.Of(parameter));
        int count = whole.Count / pieces;
        return new Tensor(
            model.Parameters[parameter].Shape,
            whole.Span.Slice(piece * count, count)
        );
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void Graph_gives_hidden_states_logits_loss_and_every_gradient_of_transformers(
        string name
    )
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = SafetensorsFile.Open(
            Path.Combine(Folder(name), "io.safetensors")
        );
        var (batch, rows) = GoldenBatch.Read(io);
        using Workers workers = new(2);
        Tape tape = new(workers, KernelFamily.Best);
        ModelGraph graph = new(model);
        tape.Begin();
        GraphOutput output = graph.Forward(tape, batch);
        Variable loss = model.Config.Regression
            ? tape.MeanSquares(
                output.LastLogits,
                new Tensor(new Shape(batch.Count, 1), batch.Scores)
            )
            : tape.CrossEntropy(output.LastLogits, batch.Labels);
        tape.Backward(loss);

        Tensor states = io.Read("hidden_states");
        for (int layer = 0; layer <= output.Layers.Count; layer++)
        {
            Variable state = layer == 0 ? output.Embedding : output.Layers[layer - 1];
            Close.To(
                state.Value.Span,
                Picked(states, layer, rows),
                2e-5,
                1e-4,
                $"hidden state {layer}"
            );
        }

        Close.To(output.LastLogits.Value, io.Read("logits"), 2e-5, 1e-4, "logits");
        using JsonDocument facts = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Folder(name), "io.json"))
        );
        double expected = facts.RootElement.GetProperty("loss").GetDouble();
        Assert.InRange(
            loss.Value.Span[0],
            expected - 2e-5 - 1e-4 * expected,
            expected + 2e-5 + 1e-4 * expected
        );
        foreach (var (parameter, variable) in graph.Trained)
        {
            Tensor reference = Piece(
                io.Read("grad." + model.Config.Family.FileName(parameter)),
                model,
                parameter
            );
            double atol = Math.Max(1e-6, 1e-5 * Close.Largest(reference));
            Close.To(variable.Gradient!, reference, atol, 0, $"gradient of {parameter}");
        }
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void Session_gives_the_logits_of_transformers_packed_and_padded(string name)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = SafetensorsFile.Open(
            Path.Combine(Folder(name), "io.safetensors")
        );
        var (batch, _) = GoldenBatch.Read(io);
        using Workers workers = new(2);
        foreach (int? padTo in (int?[])[null, 40])
        {
            Session session = new(model, workers, KernelFamily.Best, padTo);
            Tensor logits = new(batch.Count, model.Config.Outputs);
            session.Run(batch, Effort.Full, logits, new int[batch.Count]);
            Close.To(
                logits,
                io.Read("logits"),
                2e-5,
                1e-4,
                $"logits, padded to {padTo?.ToString() ?? "nothing"}"
            );
        }
    }

    [Theory]
    [InlineData("gelu", Activation.Gelu)]
    [InlineData("gelu_new", Activation.GeluTanh)]
    [InlineData("relu", Activation.Relu)]
    public void Bert_with_other_activations_agrees(string name, Activation activation)
    {
        Model model = ModelFolder.Load(Golden.Path("models", "bert")).Model;
        model = model with
        {
            Config = model.Config with
            {
                Layers =
                [
                    .. model.Config.Layers.Select(l =>
                        l with
                        {
                            Mlp = l.Mlp with { Activation = activation },
                        }
                    ),
                ],
            },
        };
        using SafetensorsFile io = SafetensorsFile.Open(
            Golden.Path("models", "bert", "io.safetensors")
        );
        using SafetensorsFile others = SafetensorsFile.Open(
            Golden.Path("models", "bert", "activations.safetensors")
        );
        var (batch, rows) = GoldenBatch.Read(io);
        using Workers workers = new(1);
        Session session = new(model, workers, KernelFamily.Best, null);
        Tensor logits = new(batch.Count, model.Config.Outputs);
        session.Run(batch, Effort.Full, logits, new int[batch.Count]);
        Close.To(logits, others.Read($"logits.{name}"), 2e-5, 1e-4, name);
    }

    [Fact]
    public void Exits_are_those_of_the_reference_at_every_rule_and_threshold()
    {
        using JsonDocument facts = JsonDocument.Parse(
            File.ReadAllText(Golden.Path("exits", "exits.json"))
        );
        Model model = ExitModel(facts.RootElement);
        using SafetensorsFile io = SafetensorsFile.Open(Golden.Path("exits", "io.safetensors"));
        var (batch, _) = GoldenBatch.Read(io);
        using Workers workers = new(2);
        Session session = new(model, workers, KernelFamily.Best, null);
        int outputs = model.Config.Outputs,
            layers = model.Config.Layers.Count;
        Tensor all = new(batch.Count, layers * outputs);
        session.RunAllExits(batch, all);
        Close.To(all, io.Read("logits"), 2e-5, 1e-4, "logits of all exits");
        foreach (JsonElement rule in facts.RootElement.GetProperty("rules").EnumerateArray())
        {
            string kind = rule.GetProperty("rule").GetString()!;
            Effort effort = new(
                Enum.Parse<ExitRule>(kind, true),
                rule.GetProperty("threshold").GetDouble()
            );
            Tensor logits = new(batch.Count, outputs);
            int[] exits = new int[batch.Count];
            session.Run(batch, effort, logits, exits);
            int[] predictions =
            [
                .. Enumerable.Range(0, batch.Count).Select(i => Effort.Largest(logits.Row(i))),
            ];
            Assert.Equal(
                rule.GetProperty("exit").EnumerateArray().Select(e => e.GetInt32()),
                exits
            );
            Assert.Equal(
                rule.GetProperty("prediction").EnumerateArray().Select(e => e.GetInt32()),
                predictions
            );
        }
    }

    /// <summary>The reference's exits model: our exits.&lt;layer&gt;.dense is its pooler.dense, .out its classifier.</summary>
    static Model ExitModel(JsonElement facts)
    {
        using SafetensorsFile file = SafetensorsFile.Open(
            Golden.Path("exits", "model.safetensors")
        );
        int layers = facts.GetProperty("layers").GetInt32(),
            hidden = facts.GetProperty("hidden").GetInt32(),
            heads = facts.GetProperty("heads").GetInt32();
        int Rows(string name) => (int)file.Find(name)!.Extents[0];
        ModelConfig config = new()
        {
            Family = Espalier.Models.Families.Family.All[0],
            Vocabulary = Rows("bert.embeddings.word_embeddings.weight"),
            Hidden = hidden,
            Layers =
            [
                .. Enumerable.Repeat(
                    Block.Bert(
                        heads,
                        hidden / heads,
                        facts.GetProperty("ffn").GetInt32(),
                        epsilon: facts.GetProperty("layer_norm_eps").GetSingle()
                    ),
                    layers
                ),
            ],
            Positions = Rows("bert.embeddings.position_embeddings.weight"),
            Types = Rows("bert.embeddings.token_type_embeddings.weight"),
            EmbeddingNorm = new NormSpec(facts.GetProperty("layer_norm_eps").GetSingle()),
            Labels =
            [
                .. Enumerable.Range(0, Rows("exits.0.classifier.weight")).Select(i => $"{i}"),
            ],
            ExitPooling = Pooling.First,
        };
        Parameters parameters = new();
        foreach (var (name, _) in config.Shapes())
        {
            string classifier = name.Replace("head.", $"exits.{layers - 1}.")
                .Replace(".dense.", ".pooler.dense.")
                .Replace(".out.", ".classifier.");
            bool encoder = !name.StartsWith("exits.") && !name.StartsWith("head.");
            parameters.Add(name, file.Read(encoder ? config.Family.FileName(name) : classifier));
        }

        Model model = new(config, parameters, new Traits());
        model.Check();
        return model;
    }

    static float[] Picked(Tensor states, int layer, int[] rows)
    {
        int hidden = states.Columns,
            perLayer = states.Rows / states.Shape[0];
        return [.. rows.SelectMany(r => states.Row(layer * perLayer + r).ToArray())];
    }
}
