using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>P on language models: what is dead goes and nothing else, and scores are what their formulas say.</summary>
[Trait("tier", "golden")]
public sealed class DecoderPruningTests : IDisposable
{
    readonly Workers _workers = new(1);

    public void Dispose() => _workers.Dispose();

    public static TheoryData<string> Families =>
        ["llama-biases", "llama-3", "mistral", "qwen2", "qwen3", "gemma", "gemma3", "opt"];

    static readonly int[] DeadNeurons = [3, 11, 12, 39];
    static readonly int[] DeadChannels = [0, 5, 17, 18, 30, 31];

    static Model Load(string family) => ModelFolder.Load(ToyDecoders.Folder(family)).Model;

    [Theory]
    [MemberData(nameof(Families))]
    public void Dead_heads_and_neurons_go_and_the_answers_stay(string family)
    {
        Model model = Load(family);
        int[] dead = model.Config.Layers[0].Attention.HeadsPerKey == 1 ? [0, 3] : [1, 2];
        foreach (int layer in Enumerable.Range(0, model.Config.Layers.Count))
        {
            int width = model.Config.Layers[layer].Attention.Width;
            Kill(model, layer, Role.Attention, columns: ColumnsOf(dead, width));
            Kill(model, layer, Role.Up, rows: DeadNeurons);
            Kill(model, layer, Role.Down, columns: DeadNeurons);
        }

        // Among neurons with a ReLU there are others that no example wakes.
        bool relu = family == "opt";
        Prune prune = new()
        {
            Heads = Amount.Share(0.5),
            FeedForward = Amount.Count(relu ? 40 : 40 - DeadNeurons.Length),
        };
        Kept kept = prune.Choose(model, Toy.Context(_workers));
        Assert.All(kept.Heads, h => Assert.Equal(Enumerable.Range(0, 4).Except(dead), h));
        Assert.All(
            kept.Neurons,
            n => Assert.Equal(Enumerable.Range(0, 40).Except(relu ? [] : DeadNeurons), n)
        );
        Same(model, kept.Of(model), 1e-5, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Dead_channels_go_and_the_answers_stay(string family)
    {
        foreach (string method in (string[])["P(hidden=26)", "P(minitron,hidden=26)"])
        {
            Model model = Load(family);
            KillChannels(model);
            Pruning prune = (Pruning)Pipeline.Parse(method).Operators[^1];
            prune = prune with { Heads = Amount.Share(1), FeedForward = Amount.Share(1) };
            Kept kept = prune.Choose(model, Toy.Context(_workers));
            Assert.Equal(Enumerable.Range(0, 32).Except(DeadChannels), kept.Channels);
            Model small = kept.Of(model);
            small.Check();
            if (model.Config.FinalNorm!.Kind == NormKind.RootMeanSquare)
            {
                // A mean over fewer columns leaves the epsilon of a norm a little more to say.
                Same(model, small, 1e-4, 3e-3);
            }
        }
    }

    [Theory]
    [InlineData("llama-3")]
    [InlineData("gemma3")]
    [InlineData("opt")]
    public void A_dead_layer_goes_and_the_answers_stay(string family)
    {
        Model model = Load(family);
        foreach (Role role in (Role[])[Role.Attention, Role.Down])
        {
            Kill(model, 0, role, rows: [.. Enumerable.Range(0, 32)]);
        }

        foreach (DepthScore depth in Enum.GetValues<DepthScore>())
        {
            Prune prune = new()
            {
                Heads = Amount.Share(1),
                FeedForward = Amount.Share(1),
                Layers = Amount.Count(model.Config.Layers.Count - 1),
                Depth = depth,
            };
            if (depth == DepthScore.Influence || family == "llama-3")
            {
                Kept kept = prune.Choose(model, Toy.Context(_workers));
                Assert.DoesNotContain(0, kept.Layers);
                Same(model, kept.Of(model), 1e-6, 1e-5);
            }
        }
    }

    [Fact]
    public void Neurons_that_are_never_active_are_least_to_Minitron()
    {
        Model model = Load("llama-3");
        Kill(model, 1, Role.Up, rows: DeadNeurons);
        Activity active = Activity.Of(model, Texts(6), Toy.Context(_workers));
        Assert.Equal(DeadNeurons, Enumerable.Range(0, 40).Where(n => active.Neurons[1][n] == 0));
        Assert.All(active.Neurons[0], n => Assert.True(n > 0));
    }

    [Fact]
    public void Activations_and_influence_are_those_of_their_formulas()
    {
        Model model = Load("qwen3");
        IReadOnlyList<Batch> texts = Texts(5);
        Activity active = Activity.Of(model, texts, Toy.Context(_workers));
        AttentionSpec spec = model.Config.Layers[1].Attention;
        double[] squares = new double[spec.Heads];
        double cosines = 0;
        int rows = 0;
        foreach (Batch text in texts)
        {
            Tape tape = new(_workers, KernelFamily.Best);
            tape.Begin();
            GraphOutput output = new ModelGraph(model).Forward(tape, text);
            Tensor contexts = output.Contexts[1].Value,
                before = output.Embedding.Value,
                after = output.Layers[0].Value;
            for (int h = 0; h < squares.Length; h++)
            {
                double mean = Enumerable
                    .Range(0, text.Tokens)
                    .Average(t => Norm(contexts.Row(t).Slice(h * spec.Width, spec.Width)));
                squares[h] += mean * mean;
            }

            for (int t = 0; t < text.Tokens; t++, rows++)
            {
                double product = 0;
                for (int c = 0; c < before.Columns; c++)
                {
                    product += (double)before.Row(t)[c] * after.Row(t)[c];
                }

                cosines += product / Norm(before.Row(t)) / Norm(after.Row(t));
            }
        }

        Close.To(
            [.. active.Heads[1].Select(a => (float)a)],
            [.. squares.Select(s => (float)Math.Sqrt(s))],
            1e-7,
            1e-4,
            "activity of heads"
        );
        Assert.Equal(1 - cosines / rows, active.Influence[0], 1e-5);

        static double Norm(ReadOnlySpan<float> row)
        {
            double sum = 0;
            foreach (float value in row)
            {
                sum += (double)value * value;
            }

            return Math.Sqrt(sum);
        }
    }

    [Fact]
    public void Importance_is_what_differences_of_the_loss_say()
    {
        Model model = Load("llama-3");
        // Weights of this size make the differences large enough for floats.
        model = model with
        {
            Parameters = model.Parameters.With(n =>
                Part.Of(n).IsNorm ? null : (Weight)Times(model.Parameters[n].Clone(), 4)
            ),
        };
        IReadOnlyList<Batch> text = Texts(1);
        Importance importance = Importance.Of(
            new Learner(model, new Tape(_workers, KernelFamily.Best)),
            text
        );
        int width = model.Config.Layers[1].Attention.Width;
        for (int head = 0; head < 4; head++)
        {
            int here = head;
            Check(
                importance.Heads[1][head],
                model,
                (n, t) =>
                {
                    if (n == Part.Layer(1, Role.Attention).Weight)
                    {
                        TimesColumns(t.Tensor, ColumnsOf([here], width), t.By);
                    }
                }
            );
        }

        foreach (int neuron in (int[])[0, 7, 39])
        {
            Check(
                importance.Neurons[0][neuron],
                model,
                (n, t) =>
                {
                    if (n == Part.Layer(0, Role.Down).Weight)
                    {
                        TimesColumns(t.Tensor, [neuron], t.By);
                    }
                }
            );
        }

        foreach (int channel in (int[])[0, 9, 31])
        {
            Check(
                importance.Channels[channel],
                model,
                (n, t) =>
                {
                    if (Part.Of(n).IsNorm)
                    {
                        t.Tensor.Span[channel] *= t.By;
                    }
                }
            );
        }

        void Check(double expected, Model of, Action<string, (Tensor Tensor, float By)> change)
        {
            const float step = 1f / 64;
            double Difference(float h) => Loss(1 + h) - Loss(1 - h);
            double slope = Math.Abs((8 * Difference(step) - Difference(2 * step)) / (12 * step));
            Assert.InRange(slope, expected * 0.98 - 1e-4, expected * 1.02 + 1e-4);

            double Loss(float by)
            {
                Model moved = of with { Parameters = of.Parameters.Clone() };
                foreach (string name in moved.Parameters.Names)
                {
                    change(name, (moved.Parameters[name], by));
                }

                Tape tape = new(_workers, KernelFamily.Best);
                tape.Begin();
                Pass pass = new Learner(moved, tape).Forward(text[0]);
                return TaskLoss.Of(pass, pass.Output.LastLogits).Value.Span[0];
            }
        }
    }

    [Fact]
    public void A_layer_left_out_costs_what_the_model_without_it_loses()
    {
        Model model = Load("gemma3");
        IReadOnlyList<Batch> texts = Texts(4);
        double[] losses = LeftOut.Losses(model, texts, Toy.Context(_workers));
        Kept kept = Kept.All(model.Config) with { Layers = [0, 2] };
        Tape tape = new(_workers, KernelFamily.Best);
        double sum = 0;
        foreach (Batch text in texts)
        {
            tape.Begin();
            Pass pass = new Learner(kept.Of(model), tape).Forward(text);
            sum += TaskLoss.Of(pass, pass.Output.LastLogits).Value.Span[0];
        }

        Assert.Equal(sum / texts.Count, losses[1], 1e-6);
        Assert.Equal(3, losses.Distinct().Count());
    }

    [Theory]
    [InlineData("P(heads=0.5,ffn=0.5,hidden=48,logits=0,embedding=0,last=0)")]
    [InlineData("P(heads=0.75,ffn=0.6,scope=model,layers=3,logits=0,embedding=0,last=0)")]
    [InlineData("P(minitron,heads=0.5,layers=2,depth=loss,logits=0)")]
    public void What_is_pruned_reloads_with_the_same_answers_and_goes_on(string text)
    {
        using TemporaryFolder folder = new();
        Model model = ToyLlama.Model(layers: 4) with { Tokenizer = Toy.Tokenizer };
        Operator prune = Pipeline.Parse(text).Operators[^1];
        Model small = prune.Apply(model, Toy.Context(_workers));
        small.Check();
        Assert.True(small.Parameters.Count < model.Parameters.Count);
        Assert.All(small.Config.Layers, l => Assert.Equal(2, l.Attention.KeyHeads));
        ModelFolder.Save(small, folder["small"], Toy.Tokenizer.Files());
        Model back = ModelFolder.Load(folder["small"]).Model;
        Assert.Equal(small.Config.Layers, back.Config.Layers);
        Assert.Equal(ToyDecoders.Logits(small, _workers), ToyDecoders.Logits(back, _workers));
        GgufModel.Save(small, folder["small.gguf"], DType.F32);
        Assert.Equal(
            ToyDecoders.Logits(small, _workers),
            ToyDecoders.Logits(ModelFolder.Load(folder["small.gguf"]).Model, _workers)
        );
        foreach (string next in (string[])["Q", "Q(bits=4)", "Q(gptq)"])
        {
            Model quantized = Pipeline
                .Parse(next)
                .Operators[^1]
                .Apply(small, Toy.Context(_workers));
            ModelFolder.Save(quantized, folder[next], Toy.Tokenizer.Files());
            Model read = ModelFolder.Load(folder[next]).Model;
            Assert.Equal(
                ToyDecoders.Logits(quantized, _workers),
                ToyDecoders.Logits(read, _workers)
            );
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_family_reloads_narrower_and_shallower(string family)
    {
        using TemporaryFolder folder = new();
        Model model = Load(family);
        Kept kept = Kept.All(model.Config) with
        {
            Layers = [0, model.Config.Layers.Count - 1],
            Channels = [.. Enumerable.Range(0, 25)],
        };
        Model small = kept.Of(model);
        small.Check();
        ModelFolder.Save(small, folder["small"], Toy.Tokenizer.Files());
        Model back = ModelFolder.Load(folder["small"]).Model;
        Assert.Equal(small.Config.Layers, back.Config.Layers);
        Assert.Equal(small.Config.EmbeddingScale, back.Config.EmbeddingScale);

        // Gemma's files hold the weights of norms less 1, which costs those above 2 a bit.
        Same(small, back, family == "gemma3" ? 1e-6 : 0, 0);
    }

    [Fact]
    public void Heads_that_do_not_share_keys_evenly_are_refused()
    {
        Model model = ToyLlama.Model();
        Kept kept = Kept.All(model.Config) with
        {
            Heads =
            [
                [0, 1, 2],
                [0, 1, 2, 3],
            ],
        };
        Assert.Contains(
            "Layer 0 keeps the heads 0, 1, 2",
            Assert.Throws<ArgumentException>(() => kept.Of(model)).Message
        );
        Model whole = (
            Kept.All(model.Config) with
            {
                Heads =
                [
                    [2, 3],
                    [0, 2],
                ],
            }
        ).Of(model);
        Assert.Equal(
            [(2, 1), (2, 2)],
            whole.Config.Layers.Select(l => (l.Attention.Heads, l.Attention.KeyHeads))
        );
    }

    [Fact]
    public void An_encoder_loses_channels_and_layers_too_and_keeps_its_exits()
    {
        using TemporaryFolder folder = new();
        Model model = new EarlyExit().Apply(
            Toy.Make(Toy.Config with { Layers = [.. Toy.Config.Layers, .. Toy.Config.Layers] }),
            Toy.Context(_workers)
        );
        Model small = Pipeline
            .Parse("P(minitron,hidden=20,layers=3,embedding=1,last=1)")
            .Operators[^1]
            .Apply(model, Toy.Context(_workers));
        Assert.Equal((20, 3), (small.Config.Hidden, small.Config.ExitCount));
        ModelFolder.Save(small, folder["small"], Toy.Tokenizer.Files());
        Model back = ModelFolder.Load(folder["small"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.Equal(Toy.Logits(small, _workers), Toy.Logits(back, _workers));
    }

    static IReadOnlyList<Batch> Texts(int count)
    {
        EncodedSplit split = new EncodedTask(Toy.Data, Toy.Tokenizer, 16).Training;
        return [.. Enumerable.Range(0, count).Select(i => split.Take([i]))];
    }

    void Same(Model model, Model small, double atol, double rtol) =>
        Close.To(
            ToyDecoders.Logits(small, _workers),
            ToyDecoders.Logits(model, _workers),
            atol,
            rtol,
            "logits"
        );

    static int[] ColumnsOf(int[] heads, int width) =>
        [.. heads.SelectMany(h => Enumerable.Range(h * width, width))];

    static void KillChannels(Model model)
    {
        foreach (string name in model.Parameters.Names)
        {
            Part part = Part.Of(name);
            if (part.IsTable)
            {
                TimesColumns(model.Parameters[name], DeadChannels, 0);
            }
            else if (part.Role is Role.Attention or Role.Down)
            {
                Kill(model, part.Index, part.Role, rows: DeadChannels);
            }
            else if (part.IsNorm && part.Role is not (Role.QueryNorm or Role.KeyNorm))
            {
                // A mean is taken off by some norms, so that what is 0 in front of them is not behind.
                foreach (int channel in DeadChannels)
                {
                    model.Parameters[name].Span[channel] = 0;
                }
            }
        }
    }

    static void Kill(Model model, int layer, Role role, int[]? rows = null, int[]? columns = null)
    {
        Part part = Part.Layer(layer, role);
        Tensor weight = model.Parameters[part.Weight];
        TimesColumns(weight, columns ?? [], 0);
        foreach (int row in rows ?? [])
        {
            weight.Row(row).Clear();
            if (model.Parameters.Has(part.Bias))
            {
                model.Parameters[part.Bias].Span[row] = 0;
            }
        }
    }

    static void TimesColumns(Tensor tensor, int[] columns, float by)
    {
        for (int r = 0; r < tensor.Rows; r++)
        {
            foreach (int column in columns)
            {
                tensor.Row(r)[column] *= by;
            }
        }
    }

    static Tensor Times(Tensor tensor, float by)
    {
        foreach (ref float value in tensor.Span)
        {
            value *= by;
        }

        return tensor;
    }
}
