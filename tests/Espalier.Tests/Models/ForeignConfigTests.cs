using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>Configs and checkpoints of other people: each field is obeyed, refused by name, or named in a note.</summary>
public sealed class ForeignConfigTests : IDisposable
{
    readonly Foreign _model = new();

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("is_decoder", "true")]
    [InlineData("add_cross_attention", "true")]
    [InlineData("is_encoder_decoder", "true")]
    [InlineData("position_embedding_type", "\"relative_key\"")]
    [InlineData("quantization_config", "{\"load_in_8bit\":true}")]
    [InlineData("problem_type", "\"regression\"")]
    [InlineData("problem_type", "\"multi_label_classification\"")]
    [InlineData("problem_type", "\"ranking\"")]
    [InlineData("hidden_act", "\"mish\"")]
    [InlineData("hidden_act", "{\"name\":\"gelu\"}")]
    [InlineData("id2label", "{\"0\":\"a\",\"2\":\"b\"}")]
    [InlineData("id2label", "{\"0\":\"a\",\"1\":\"a\"}")]
    [InlineData("id2label", "{}")]
    [InlineData("id2label", "[\"a\",\"b\"]")]
    [InlineData("pruned_heads", "{\"2\":[0]}")]
    [InlineData("pruned_heads", "{\"0\":[4]}")]
    [InlineData("pruned_heads", "{\"0\":[0,1,2,3]}")]
    [InlineData("pruned_heads", "{\"x\":[0]}")]
    [InlineData("pruned_heads", "[[0]]")]
    [InlineData("architectures", "[\"BertForTokenClassification\"]")]
    public void A_field_that_asks_for_another_model_is_refused_by_its_name(
        string field,
        string json
    )
    {
        _model.With((field, json));
        string message = Assert
            .Throws<InvalidDataException>(() => ModelFolder.Load(_model.Folder))
            .Message;
        Assert.Contains($"'{field}", message);
        Assert.Contains("config.json", message);
    }

    [Fact]
    public void One_output_that_is_called_a_class_is_refused()
    {
        _model.With(
            ("id2label", "{\"0\":\"only\"}"),
            ("problem_type", "\"single_label_classification\"")
        );
        Assert.Contains(
            "'problem_type'",
            Assert.Throws<InvalidDataException>(() => ModelFolder.Load(_model.Folder)).Message
        );
    }

    [Fact]
    public void What_the_config_says_beside_is_told_and_the_usual_fields_are_not()
    {
        _model.With(
            ("use_cache", "true"),
            ("gradient_checkpointing", "false"),
            ("transformers_version", "\"4.8.2\""),
            ("is_decoder", "false"),
            ("pruned_heads", "{}"),
            ("chunk_size_feed_forward", "0"),
            ("tie_word_embeddings", "true"),
            ("layer_norm_eps", "1e-12"),
            ("nothing", "null")
        );
        Assert.Empty(ModelFolder.Load(_model.Folder).Notes);
        _model.With(("rotary", "true"), ("alibi", "1"));
        Assert.Contains("fields 'rotary', 'alibi' are not read", Assert.Single(Notes()));
        _model.With(("rotary", null), ("alibi", null), ("num_labels", "3"));
        Assert.Contains("num_labels is 3 and id2label names 2", Assert.Single(Notes()));
        _model.With(("num_labels", "2"), ("label2id", "{\"bad\":1,\"good\":0}"));
        Assert.Contains("label2id gives 'bad' another number", Assert.Single(Notes()));

        string[] Notes() => [.. ModelFolder.Load(_model.Folder).Notes];
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    public void Names_behind_a_wrapper_are_read_without_it_and_that_is_told(string wrapper)
    {
        _model.Renamed(name => wrapper + name);
        LoadedModel loaded = ModelFolder.Load(_model.Folder);
        Assert.Contains($"begin with '{wrapper}'", Assert.Single(loaded.Notes));
        AssertSameAnswers(loaded.Model);
        Assert.True(ModelFolder.HasClassifier(_model.Folder));
    }

    [Fact]
    public void A_wrapper_around_the_encoder_alone_is_read_too()
    {
        _model.Renamed(name =>
            name.StartsWith("bert.", StringComparison.Ordinal) ? "encoder." + name[5..] : name
        );
        AssertSameAnswers(ModelFolder.Load(_model.Folder).Model);
    }

    [Theory]
    [InlineData("roberta.", "of a bert model is missing; the first of")]
    [InlineData("something.", "of a bert model is missing")]
    public void Names_of_another_family_are_said_to_be_foreign(string front, string expected)
    {
        _model.Renamed(name => front + name.Replace("bert.", "", StringComparison.Ordinal));
        string message = Assert
            .Throws<InvalidDataException>(() => ModelFolder.Load(_model.Folder))
            .Message;
        Assert.Contains(expected, message);
        Assert.DoesNotContain("fine-tune", message);
    }

    [Fact]
    public void An_adapter_that_was_not_merged_is_refused()
    {
        _model.Renamed(name =>
            name.Contains("layer.0.attention.self.query.", StringComparison.Ordinal)
                ? name.Replace("query.", "query.base_layer.", StringComparison.Ordinal)
                : name
        );
        Assert.Contains(
            "merge it first",
            Assert.Throws<InvalidDataException>(() => ModelFolder.Load(_model.Folder)).Message
        );
    }

    [Theory]
    [InlineData("good", "bad")]
    [InlineData("Good", "BAD")]
    public void A_classifier_in_another_order_gets_its_rows_by_name(string first, string second)
    {
        LoadedModel turned = ModelFolder.Load(
            _model.Folder,
            new Answers([first, second], false, new Rng(1))
        );
        Assert.Contains("rows were put into that of the task", Assert.Single(turned.Notes));
        Assert.Equal([first, second], turned.Model.Config.Labels);
        using Workers workers = new(1);
        float[] expected = Toy.Logits(Toy.Model, workers),
            actual = Toy.Logits(turned.Model with { Tokenizer = Toy.Tokenizer }, workers);
        for (int i = 0; i < expected.Length; i += 2)
        {
            Assert.Equal((expected[i + 1], expected[i]), (actual[i], actual[i + 1]));
        }
    }

    [Fact]
    public void Other_names_keep_the_classifier_and_are_told_and_unnamed_ones_are_not()
    {
        Answers answers = new(["red", "green"], false, new Rng(1));
        Assert.Contains(
            "knows the classes bad, good; training begins with it",
            Assert.Single(ModelFolder.Load(_model.Folder, answers).Notes)
        );
        _model.With(("id2label", null), ("label2id", null), ("num_labels", "2"));
        Assert.Empty(ModelFolder.Load(_model.Folder, answers).Notes);
    }

    [Theory]
    [InlineData("up", 3e38f)]
    [InlineData("up", 1e30f)]
    [InlineData("query", 1e37f)]
    [InlineData("attention", 1e25f)]
    [InlineData("down", float.PositiveInfinity)]
    [InlineData("down", float.NaN)]
    public void Weights_that_int8_cannot_hold_are_refused_by_every_kernel(string part, float value)
    {
        Parameters parameters = Toy.Model.Parameters.Clone();
        parameters[$"layers.1.{part}.weight"].Span.Fill(value);
        Model model = Toy.Model with
        {
            Parameters = parameters,
            Traits = new Traits(Precision.Int8, true),
        };
        using Workers workers = new(1);
        foreach (KernelFamily kernels in KernelFamily.All.Where(f => f.IsSupported))
        {
            string message = Assert
                .Throws<InvalidDataException>(() => new Session(model, workers, kernels, null))
                .Message;
            Assert.Contains("is not a number; the weights are damaged or too large", message);
            Assert.Contains("layer 1", message);
        }
    }

    [Fact]
    public void Large_weights_that_int8_holds_are_taken()
    {
        Parameters parameters = Toy.Model.Parameters.Clone();
        parameters["layers.1.up.weight"].Span.Fill(1e5f);
        using Workers workers = new(1);
        Assert.All(
            Toy.Logits(
                Toy.Model with
                {
                    Parameters = parameters,
                    Traits = new Traits(Precision.Int8, true),
                },
                workers
            ),
            logit => Assert.True(float.IsFinite(logit))
        );
    }

    [Fact]
    public void DistilBERT_may_have_the_general_names_of_its_sizes_but_not_both_that_differ()
    {
        using Foreign distil = new(
            Toy.Make(Toy.Config with { Family = Espalier.Models.Families.Family.All[2], Types = 0 })
        );
        distil.With(("dim", null), ("hidden_size", "32"), ("layer_norm_eps", "0.1"));
        LoadedModel loaded = ModelFolder.Load(distil.Folder);
        Assert.Equal(
            (32, 1e-12f),
            (loaded.Model.Config.Hidden, loaded.Model.Config.EmbeddingNorm!.Epsilon)
        );
        Assert.Contains("'layer_norm_eps' is not read", Assert.Single(loaded.Notes));
        distil.With(("dim", "16"));
        Assert.Contains(
            "'hidden_size'",
            Assert.Throws<InvalidDataException>(() => ModelFolder.Load(distil.Folder)).Message
        );
    }

    static void AssertSameAnswers(Model model)
    {
        using Workers workers = new(1);
        Assert.Equal(
            Toy.Logits(Toy.Model, workers),
            Toy.Logits(model with { Tokenizer = Toy.Tokenizer }, workers)
        );
    }
}
