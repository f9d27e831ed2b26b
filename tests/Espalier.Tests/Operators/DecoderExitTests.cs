using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>E of a language model, and what the others make of it.</summary>
[Trait("tier", "golden")]
public sealed class DecoderExitTests : IDisposable
{
    static readonly Effort Early = Effort.Parse("confidence:0.15");

    readonly Workers _workers = new(2);
    readonly ToyWriter _toy = new();
    readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _workers.Dispose();
        _toy.Dispose();
        _files.Dispose();
    }

    OperatorContext Context() => ToyCorpus.Context(_toy, _workers);

    /// <summary>The writer with so many layers.</summary>
    Model Deep(int layers)
    {
        ModelConfig config = _toy.Model.Config with
        {
            Layers = [.. Enumerable.Repeat(_toy.Model.Config.Layers[0], layers)],
        };
        Parameters parameters = new();
        Drawing.Missing(parameters, config, new Rng(2));
        return _toy.Model with { Config = config, Parameters = parameters };
    }

    /// <summary>Perplexity and layers passed on the test text.</summary>
    (double Perplexity, double Layers) At(Model model, Effort effort)
    {
        LanguageSession session = new(
            new PackedModel(model, _workers, KernelFamily.Best),
            _workers
        );
        EffortAnswers answers = QualityMeter
            .Run(
                session,
                _workers,
                Context().Task.Test.Windows(),
                [effort],
                null,
                TestContext.Current.CancellationToken
            )
            .At(effort);
        return (
            answers.Measure(Espalier.Data.Metrics.Metric.Perplexity).Value!.Value,
            answers.AverageLayers
        );
    }

    static Model Apply(string pipeline, Model model, OperatorContext context) =>
        Pipeline
            .Parse(pipeline)
            .Steps.Aggregate(
                model,
                (made, step) =>
                {
                    Assert.Null(step.Problem(made.Config));
                    made = step.Apply(made, context);
                    made.Check();
                    return made;
                }
            );

    [Fact]
    public void Exits_stand_as_far_apart_as_asking_the_head_costs_layers_or_as_one_says()
    {
        // The head has 257 · 48 weights, and a layer about 20,000.
        Model small = Deep(4),
            wide = small with { Config = small.Config with { Vocabulary = 1000 } };

        Assert.Equal([0, 1, 2], Exits("E", small.Config));
        Assert.Equal([1], Exits("E", wide.Config));
        Assert.Equal([2], Exits("E(every=3)", small.Config));

        IReadOnlyList<int> Exits(string text, ModelConfig config)
        {
            Parameters parameters = new();
            Drawing.Missing(parameters, config, new Rng(1));
            OperatorContext context = Context();
            context = context with { Training = context.Training with { Epochs = 1 } };
            Model model = small with { Config = config, Parameters = parameters };
            return Pipeline.Written(text)[^1].Apply(model, context).Config.HeadExits;
        }
    }

    [Fact]
    public void All_together_trained_early_exits_are_nearly_as_good_and_untrained_ones_are_not()
    {
        Model tuned = new FineTune().Apply(Deep(4), Context());
        Model untrained = tuned with
        {
            Config = tuned.Config with { HeadExits = [0, 1, 2] },
            Parameters = tuned.Parameters.Clone(),
        };
        for (int layer = 0; layer < 3; layer++)
        {
            untrained.Parameters.Add(
                Part.Exit(layer, Role.Norm).Weight,
                tuned.Parameters[Part.FinalNorm.Weight].Clone()
            );
        }

        Model trained = Apply("E", tuned, Context());

        LanguageSession session = new(
            new PackedModel(trained, _workers, KernelFamily.Best),
            _workers
        );
        Effort[] efforts =
        [
            .. Efforts.Spread(
                trained.Config,
                QualityMeter.Confidences(session, Context().Task.Tuning.Windows()),
                4
            ),
        ];
        (double Perplexity, double Layers)[] curve = [.. efforts.Select(e => At(trained, e))];
        double full = At(trained, Effort.Full).Perplexity,
            first = At(trained, Effort.First).Perplexity;
        Assert.InRange(first, 0.9 * full, 0.8 * At(untrained, Effort.First).Perplexity);
        Assert.Equal(4, curve.Length);
        Assert.Equal(curve.Select(c => c.Layers).Order(), curve.Select(c => c.Layers));
        Assert.InRange(curve[1].Layers, 1.3, 2.8);
        Assert.InRange(curve[2].Layers, 2.2, 3.8);
        Assert.All(curve, c => Assert.InRange(c.Perplexity, 0.9 * full, 1.1 * first));
    }

    [Fact]
    public void Trained_alone_exits_leave_the_model_as_it_was()
    {
        Model tuned = new FineTune().Apply(Deep(3), Context());

        Model exits = Apply("E(training=two-stage)", tuned, Context());

        Assert.All(
            tuned.Parameters.Names,
            name =>
                Assert.Equal(
                    tuned.Parameters[name].Span.ToArray(),
                    exits.Parameters[name].Span.ToArray()
                )
        );
        Assert.All(
            exits.Parameters.Names.Where(n => n.StartsWith("exits.")),
            name =>
                Assert.NotEqual(
                    tuned.Parameters[Part.FinalNorm.Weight].Span.ToArray(),
                    exits.Parameters[name].Span.ToArray()
                )
        );
        Assert.Equal(At(tuned, Effort.Full).Perplexity, At(exits, Effort.Full).Perplexity, 1e-6);
    }

    [Theory]
    [InlineData("DEP(heads=2,ffn=0.5)LQ(bits=4,group=32)")]
    [InlineData("EP(minitron,hidden=32,ffn=64)Q")]
    [InlineData("EP(layers=3)L")]
    [InlineData("ED(layers=3)Q(gptq,group=32)")]
    [InlineData("EP(newton)LQ(bits=8,group=32)")]
    public void What_the_others_make_of_it_has_exits_and_answers_the_same_from_its_folder(
        string pipeline
    )
    {
        Model model = Apply(pipeline, Deep(6), Context());
        Assert.True(model.Config.HeadExits.Count > 0, $"{model.Config.ExitCount} exits");

        ModelFolder.Save(model, _files["made"], _toy.Model.Tokenizer!.Files());
        LoadedModel loaded = ModelFolder.Load(_files["made"], asStored: true);

        Assert.Empty(loaded.Notes);
        Assert.Equal(model.Config.HeadExits, loaded.Model.Config.HeadExits);
        Assert.Equal(model.Traits, loaded.Model.Traits);
        foreach (Effort effort in (Effort[])[Effort.First, Early, Effort.Full])
        {
            Assert.Equal(At(model, effort), At(loaded.Model, effort));
        }
    }

    [Fact]
    public void What_stands_in_the_wrong_order_is_told_why_and_can_be_had_all_the_same()
    {
        Assert.Contains(
            Pipeline.Parse("QE").Problems(),
            p => p.Contains("E trains and Q does not")
        );

        Model model = Apply("QE", Deep(4), Context());

        Assert.Equal([0, 1, 2], model.Config.HeadExits);
        Assert.Equal(Precision.Int8, model.Traits.Precision);
        Assert.InRange(At(model, Effort.First).Layers, 1, 1);
        Assert.Contains("take fewer", Pipeline.Written("E(every=4)")[^1].Problem(Deep(4).Config));
    }

    [Fact]
    public void Exits_go_with_the_layers_in_front_of_them()
    {
        ModelConfig config = Deep(8).Config with { HeadExits = [1, 3, 5] };

        var (cut, oldName) = config.WithLayers([0, 1, 2, 5, 7]);

        // Behind layer 3 is behind layer 2, the last that stays of those in front; behind 5 stays behind 5.
        Assert.Equal([1, 2, 3], cut.HeadExits);
        Assert.Equal("exits.3.norm.weight", oldName("exits.2.norm.weight"));
        Assert.Equal("exits.5.norm.weight", oldName("exits.3.norm.weight"));
        Assert.Equal([0], config.WithLayers([1, 6]).Config.HeadExits);
    }

    [Fact]
    public void A_file_whose_exits_are_no_layers_in_order_is_refused()
    {
        Model model = Apply("E", Deep(4), Context());
        ModelFolder.Save(model, _files["made"], _toy.Model.Tokenizer!.Files());
        string path = Path.Combine(_files["made"], "espalier.json"),
            text = File.ReadAllText(path);
        foreach (string wrong in (string[])["[2, 1]", "[1, 1]", "[3]"])
        {
            int from = text.IndexOf("\"head_exits\": [") + 14;
            File.WriteAllText(path, text[..from] + wrong + text[(text.IndexOf(']', from) + 1)..]);
            Assert.Contains(
                "head_exits",
                Assert.Throws<InvalidDataException>(() => ModelFolder.Load(_files["made"])).Message
            );
        }
    }
}
