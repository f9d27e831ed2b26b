using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Options that change what an operator does, each seen to change it.</summary>
public sealed class OptionEffectTests
{
    [Fact]
    public void Two_stage_exits_leave_the_model_itself_as_it_was()
    {
        using Workers workers = new(1);
        EarlyExit exits = new() { Training = ExitTraining.TwoStage, Pool = ExitPooling.Mean };
        Model after = exits.Apply(Toy.Model, Toy.Context(workers));
        Assert.Equal(Pooling.Mean, after.Config.ExitPooling);
        foreach (string name in Toy.Model.Parameters.Names)
        {
            Assert.Equal(
                Toy.Model.Parameters[name].Span.ToArray(),
                after.Parameters[name].Span.ToArray()
            );
        }
    }

    [Fact]
    public void Joint_exits_train_the_model_too()
    {
        using Workers workers = new(1);
        Model after = new EarlyExit().Apply(Toy.Model, Toy.Context(workers));
        Assert.NotEqual(
            Toy.Model.Parameters["layers.0.up.weight"].Span.ToArray(),
            after.Parameters["layers.0.up.weight"].Span.ToArray()
        );
    }

    [Fact]
    public void Pruning_everything_but_one_head_and_one_neuron_still_gives_a_model_that_runs()
    {
        using Workers workers = new(1);
        Prune prune = new() { Heads = Amount.Count(1), FeedForward = Amount.Count(1) };
        Model after = prune.Apply(Toy.Model, Toy.Context(workers));
        Assert.All(
            after.Config.Layers,
            l => Assert.Equal((1, 1), (l.Attention.Heads, l.Mlp.Width))
        );
        Assert.All(Toy.Logits(after, workers), l => Assert.True(float.IsFinite(l)));
    }

    [Fact]
    public void Pruning_over_the_whole_model_keeps_the_asked_share_in_all()
    {
        using Workers workers = new(1);
        Prune prune = new()
        {
            Scope = PruneScope.Model,
            Heads = Amount.Share(0.5),
            FeedForward = Amount.Share(0.25),
        };
        Model after = prune.Apply(Toy.Model, Toy.Context(workers));
        Assert.Equal(4, after.Config.Layers.Sum(l => l.Attention.Heads));
        Assert.Equal(32, after.Config.Layers.Sum(l => l.Mlp.Width));
    }

    [Fact]
    public void A_student_may_come_from_a_checkpoint_of_its_own()
    {
        using Workers workers = new(1);
        string folder = Path.Combine(
            Directory.CreateTempSubdirectory("espalier").FullName,
            "student"
        );
        ModelConfig small = Toy.Config with { Layers = [Toy.Config.Layers[0].With(2, 16)] };
        ModelFolder.Save(Toy.Make(small, seed: 8), folder, Toy.Tokenizer.Files());
        Model student = new Distill { Student = folder }.Apply(Toy.Model, Toy.Context(workers));
        Assert.Equal(
            [(2, 16)],
            student.Config.Layers.Select(l => (l.Attention.Heads, l.Mlp.Width))
        );
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Theory]
    [InlineData(6, "0.5", new[] { 1, 3, 5 })]
    [InlineData(6, "4", new[] { 1, 2, 4, 5 })]
    [InlineData(12, "6", new[] { 1, 3, 5, 7, 9, 11 })]
    [InlineData(1, "0.5", new[] { 0 })]
    public void Student_layers_are_spread_over_the_teachers_and_end_with_its_last(
        int teacher,
        string layers,
        int[] expected
    ) =>
        Assert.Equal(
            expected,
            new Distill { Layers = Amount.TryParse(layers)!.Value }.Chosen(teacher)
        );

    [Fact]
    public void A_trimmed_vocabulary_changes_no_answer_on_the_texts_it_was_trimmed_for()
    {
        using Workers workers = new(1);
        Model trimmed = new TrimVocabulary { First = 0 }.Apply(Toy.Model, Toy.Context(workers));
        Assert.True(
            trimmed.Config.Vocabulary < Toy.Config.Vocabulary,
            $"{trimmed.Config.Vocabulary}"
        );
        Assert.Equal(Toy.Logits(Toy.Model, workers), Toy.Logits(trimmed, workers));
    }

    [Fact]
    public void Gradient_accumulation_gives_what_whole_batches_give()
    {
        using Workers workers = new(1);
        Model still = Toy.Make(
            Toy.Config with
            {
                EmbeddingDropout = 0,
                Layers = [.. Toy.Config.Layers.Select(l => Toy.Dropping(l, 0, 0))],
                Head = new ClassifierSpec(),
            }
        );
        OperatorContext context = Toy.Context(workers);
        float[] whole = Toy.Logits(new FineTune().Apply(still, context), workers);
        float[] parts = Toy.Logits(
            new FineTune().Apply(
                still,
                context with
                {
                    Training = context.Training with { Accumulation = 3 },
                }
            ),
            workers
        );
        Assert.NotEqual(whole, parts);
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.InRange(parts[i], whole[i] - 0.02f, whole[i] + 0.02f);
        }
    }
}
