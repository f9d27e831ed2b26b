using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>D, and the distillation that ends P, on language models.</summary>
[Trait("tier", "golden")]
public sealed class DecoderDistillationTests : IDisposable
{
    readonly Workers _workers = new(1);
    readonly Model _teacher;

    public DecoderDistillationTests()
    {
        // One that has learned something, so that there is something to pass on.
        _teacher = ToyLlama.Model(layers: 4) with
        {
            Tokenizer = Toy.Tokenizer,
        };
        _teacher = new FineTune().Apply(_teacher, Toy.Context(_workers));
    }

    public void Dispose() => _workers.Dispose();

    [Theory]
    [InlineData("D(layers=2)")]
    [InlineData("D(layers=2,embedding=0,last=0)")]
    [InlineData("D(layers=2,embedding=0,last=0,kl=reverse,top=8)")]
    [InlineData("D(layers=2,embedding=0,last=0,hard=0.5,temperature=2)")]
    public void A_shallower_student_comes_closer_to_its_teacher_by_training(string text)
    {
        Distill distill = (Distill)Pipeline.Parse(text).Operators[^1];
        Model before = distill.Begin(_teacher, Toy.Context(_workers)),
            after = distill.Apply(_teacher, Toy.Context(_workers));
        Assert.Equal(2, after.Config.Layers.Count);
        double untrained = Divergence(before),
            trained = Divergence(after);
        Assert.True(trained < 0.5 * untrained, $"{untrained} before and {trained} after");
    }

    [Theory]
    [InlineData("P(heads=0.5,ffn=0.5")]
    [InlineData("P(heads=0.5,ffn=0.5,hidden=48,layers=3")]
    [InlineData("P(minitron,hidden=48,layers=3")]
    public void Pruning_and_learning_is_better_than_pruning_alone(string text)
    {
        double alone = Divergence(Apply(text + ",logits=0,embedding=0,last=0)")),
            learned = Divergence(Apply(text + ")"));
        Assert.True(learned < 0.7 * alone, $"{alone} alone and {learned} after learning");
    }

    [Fact]
    public void A_student_of_another_family_and_width_learns_the_answers()
    {
        using TemporaryFolder folder = new();
        Model teacher = ModelFolder.Load(ToyDecoders.Folder("llama-3")).Model with
        {
            Tokenizer = Toy.Tokenizer,
        };
        string student = ToyDecoders.Folder("gemma");
        Distill distill = (Distill)
            Pipeline.Parse($"D(student={student},embedding=0,last=0)").Operators[^1];
        Model after = distill.Apply(teacher, Toy.Context(_workers));
        Assert.Equal("gemma", after.Config.Family.ModelType);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",embedding=0,last=0")]
    public void A_narrower_student_learns_states_through_a_projection_beside_it(string more)
    {
        using TemporaryFolder folder = new();
        Model teacher = ModelFolder.Load(ToyDecoders.Folder("llama-3")).Model with
        {
            Tokenizer = Toy.Tokenizer,
        };
        Distill distill = (Distill)
            Pipeline.Parse($"D(student={Narrow(folder)}{more})").Operators[^1];
        List<double> losses = [];
        OperatorContext context = Toy.Context(_workers) with
        {
            Report = p => losses.Add(p.Loss),
            Time = new Ever(),
        };

        Model student = distill.Apply(teacher, context);

        student.Check();
        Assert.Equal(24, student.Config.Hidden);
        Assert.DoesNotContain(student.Parameters.Names, n => n.StartsWith("fit"));
        Assert.True(losses[^4..].Average() < losses[..4].Average(), $"{string.Join(' ', losses)}");
    }

    /// <summary>A second goes by each time somebody looks, so that every step is reported.</summary>
    sealed class Ever : TimeProvider
    {
        long _now;

        public override long GetTimestamp() => _now += TimestampFrequency;
    }

    static string Narrow(TemporaryFolder folder)
    {
        Model model = ModelFolder.Load(ToyDecoders.Folder("llama-3")).Model;
        Kept kept = Kept.All(model.Config) with { Channels = [.. Enumerable.Range(0, 24)] };
        ModelFolder.Save(kept.Of(model), folder["narrow"], Toy.Tokenizer.Files());
        return folder["narrow"];
    }

    /// <summary>The matrix of Wallace et al. 2025: none or some of distilled, two shares of heads, two numbers of bits; and Minitron's.</summary>
    public static TheoryData<string> Hybrids
    {
        get
        {
            string[] heads = ["", .. new[] { "0.8", "0.6" }.Select(Of)],
                bits = ["", "Q(bits=8)", "Q(bits=4)"];
            return
            [
                .. from student in (string[])["", "D(layers=2)"]
                from kept in heads
                from q in bits
                where $"{student}{kept}{q}".Length > 0
                select $"O(downloaded){student}{kept}{q}",
                .. bits.Select(q => $"O(downloaded)P(minitron){q}"),
            ];

            static string Of(string share) =>
                $"P(heads={share},ffn=1.0,scope=model,logits=0,embedding=0,last=0)";
        }
    }

    [Theory]
    [MemberData(nameof(Hybrids))]
    [InlineData("O(downloaded)D(layers=2)P(heads=0.5,ffn=0.7,scope=model)Q(bits=4)")]
    [InlineData("O(downloaded)P(minitron,hidden=48)Q(bits=8)")]
    [InlineData("O(downloaded)D(layers=3)P(ffn=0.5,layers=2,depth=loss,steps=2)")]
    public void Every_hybrid_reloads_with_the_same_answers(string text)
    {
        using TemporaryFolder folder = new();
        Model model = _teacher;
        foreach (Operator next in Pipeline.Parse(text).Operators)
        {
            Assert.Null(next.Problem(model.Config));
            model = next.Apply(model, Toy.Context(_workers));
            model.Check();
        }

        ModelFolder.Save(model, folder["made"], Toy.Tokenizer.Files());
        Model back = ModelFolder.Load(folder["made"]).Model;
        Assert.Equal(model.Config.Layers, back.Config.Layers);
        Assert.Equal(ToyDecoders.Logits(model, _workers), ToyDecoders.Logits(back, _workers));
    }

    [Fact]
    public void Two_steps_end_with_the_shape_of_one()
    {
        Model one = Apply("P(minitron,ffn=0.25,hidden=32)"),
            two = Apply("P(minitron,ffn=0.25,hidden=32,steps=2)");
        Assert.Equal(
            (one.Config.Hidden, one.Config.Layers[0].Mlp.Width),
            (two.Config.Hidden, two.Config.Layers[0].Mlp.Width)
        );
        Assert.NotEqual(
            one.Parameters[Part.FinalNorm.Weight].Span.ToArray(),
            two.Parameters[Part.FinalNorm.Weight].Span.ToArray()
        );
    }

    [Fact]
    public void A_corrected_teacher_is_another_teacher()
    {
        Model plain = Apply("P(minitron,hidden=48)"),
            corrected = Apply("P(minitron,hidden=48,correction=1)");
        Assert.Equal(plain.Config.Hidden, corrected.Config.Hidden);
        Assert.NotEqual(
            plain.Parameters["layers.0.up.weight"].Span.ToArray(),
            corrected.Parameters["layers.0.up.weight"].Span.ToArray()
        );
    }

    [Fact]
    public void Distilling_gives_the_same_bytes_for_1_and_3_threads()
    {
        using Workers three = new(3);
        Operator distill = Pipeline.Parse("D(layers=2)").Operators[^1];
        Model one = distill.Apply(_teacher, Toy.Context(_workers)),
            other = distill.Apply(_teacher, Toy.Context(three));
        Assert.All(
            one.Parameters.Names,
            n => Assert.Equal(one.Parameters[n].Span, other.Parameters[n].Span)
        );
    }

    Model Apply(string text) =>
        Pipeline.Parse(text).Operators[^1].Apply(_teacher, Toy.Context(_workers));

    /// <summary>Of a student from the teacher on the test texts, over the whole vocabulary.</summary>
    double Divergence(Model student)
    {
        EncodedTask task = new(Toy.Data, Toy.Tokenizer, 16);
        Batch all = task.Test.Take([.. Enumerable.Range(0, task.Test.Count)]);
        Tape tape = new(_workers, KernelFamily.Best);
        tape.Begin();
        Pass own = new Learner(student, tape).Forward(all),
            said = new Learner(_teacher, tape).Forward(all);
        return tape.Imitate(
            own.Output.LastLogits,
            LikelyTokens.Of(_workers, said.Output.LastLogits.Value, 96, 1),
            all.NextTokens(),
            new Imitation()
        ).Value.Span[0];
    }
}
