using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Methods beside the defaults: TinyBERT's two stages, and the words that PoWER-BERT keeps.</summary>
public sealed class MethodTests
{
    static EncodedTask Task { get; } = new(Toy.Data, Toy.Tokenizer, 16);

    static Batch All { get; } = Task.Test.Take([.. Enumerable.Range(0, Task.Test.Count)]);

    static Model Tuned(Workers workers) => new FineTune().Apply(Toy.Model, Toy.Context(workers));

    [Fact]
    public void A_student_of_two_stages_comes_closer_to_its_teachers_layers_than_one_of_one_stage()
    {
        using Workers workers = new(1);
        Model teacher = Tuned(workers),
            one = Pipeline
                .Parse("D(layers=1,last=0,embedding=0)")
                .Operators[^1]
                .Apply(teacher, Toy.Context(workers)),
            two = Pipeline
                .Parse("D(tinybert,layers=1,epochs=4)")
                .Operators[^1]
                .Apply(teacher, Toy.Context(workers));
        Assert.Single(two.Config.Layers);
        Assert.True(
            Distance(two, teacher, workers) < 0.8 * Distance(one, teacher, workers),
            $"{Distance(two, teacher, workers)} and {Distance(one, teacher, workers)}"
        );
    }

    static double Distance(Model student, Model teacher, Workers workers)
    {
        Tensor a = LastState(student, workers),
            b = LastState(teacher, workers);
        double sum = 0;
        for (int i = 0; i < a.Count; i++)
        {
            sum += Math.Pow(a.Span[i] - b.Span[i], 2);
        }

        return sum / a.Count;
    }

    static Tensor LastState(Model model, Workers workers)
    {
        Session session = new(model, workers, KernelFamily.Best, null);
        Tensor? last = null;
        session.RunAllExits(All, Logits(model), (_, state) => last = state.Clone());
        return last!;
    }

    static Tensor Logits(Model model) =>
        new(All.Count, model.Config.ExitCount * model.Config.Outputs);

    [Fact]
    public void A_narrower_student_learns_through_a_projection()
    {
        using Workers workers = new(1);
        using Espalier.Tests.Checkpoints.TemporaryFolder folder = new();
        ModelConfig narrow = Toy.Config with { Hidden = 16, Layers = [Block.Bert(4, 4, 32)] };
        ModelFolder.Save(Toy.Make(narrow, seed: 8), folder["narrow"], Toy.Tokenizer.Files());
        TinyBert method = new() { Student = folder["narrow"], Epochs = 1 };
        Model student = method.Apply(Tuned(workers), Toy.Context(workers));
        Assert.Equal(16, student.Config.Hidden);
        Assert.All(Toy.Logits(student, workers), l => Assert.True(float.IsFinite(l)));
    }

    [Fact]
    public void Heads_that_cannot_be_compared_are_refused()
    {
        using Workers workers = new(1);
        using Espalier.Tests.Checkpoints.TemporaryFolder folder = new();
        ModelConfig other = Toy.Config with { Layers = [Block.Bert(2, 16, 32)] };
        ModelFolder.Save(Toy.Make(other, seed: 8), folder["other"], Toy.Tokenizer.Files());
        TinyBert method = new() { Student = folder["other"] };
        Assert.Contains(
            "layer 0 of the student has 2 heads and learns from layer 1 of the teacher with 4",
            Assert
                .Throws<InvalidDataException>(() => method.Apply(Toy.Model, Toy.Context(workers)))
                .Message
        );
    }

    [Theory]
    [InlineData(Precision.Fp32, null)]
    [InlineData(Precision.Fp32, 16)]
    [InlineData(Precision.Int8, null)]
    [InlineData(Precision.Int8, 16)]
    public void Rows_leave_on_the_way_and_every_kernel_gives_the_answers_of_the_reference(
        Precision precision,
        int? padTo
    )
    {
        using Workers workers = new(1);
        Model model = Keeping(Toy.Model, 5, 3) with
        {
            Traits = new Traits(precision, padTo is null),
        };
        float[] Answers(KernelFamily kernels)
        {
            Session session = new(model, workers, kernels, padTo);
            Tensor logits = Logits(model);
            List<int> rows = [];
            session.RunAllExits(All, logits, (_, state) => rows.Add(state.Rows));
            Assert.Equal([5 * All.Count, 3 * All.Count], rows[1..]);
            Assert.True(rows[0] >= 6 * All.Count);
            return logits.Span.ToArray();
        }

        float[] reference = Answers(KernelFamily.All.Single(f => f.Name == "reference"));
        foreach (KernelFamily kernels in KernelFamily.All.Where(f => f.IsSupported))
        {
            Assert.All(
                reference.Zip(Answers(kernels)),
                a => Assert.Equal(a.First, a.Second, precision == Precision.Int8 ? 2e-2 : 1e-4)
            );
        }
    }

    [Fact]
    public void Training_takes_the_rows_out_that_answering_takes_out()
    {
        using Workers workers = new(1);
        Model model = Keeping(Toy.Model, 4, 2);
        Tape tape = new(workers, KernelFamily.Best);
        tape.Begin();
        GraphOutput output = new ModelGraph(model).Forward(tape, All);
        Assert.Equal(2 * All.Count, output.Layers[^1].Value.Rows);
        Session session = new(model, workers, KernelFamily.Best, null);
        Tensor logits = Logits(model);
        session.RunAllExits(All, logits);
        Close.To(output.LastLogits.Value, logits, 1e-5, 1e-4, "logits");
    }

    [Fact]
    public void A_larger_price_of_rows_keeps_fewer_and_every_operator_takes_the_model()
    {
        using Workers workers = new(1);
        Model tuned = Tuned(workers);
        int[] Kept(double lambda) =>
            [
                .. new PowerBert { Lambda = lambda }
                    .Apply(tuned, Toy.Context(workers))
                    .Config.Layers.Select(l => l.Attention.Keeps!.Value),
            ];
        int[] cheap = Kept(0),
            dear = Kept(0.05);
        Assert.All(cheap, rows => Assert.InRange(rows, 14, 16));
        Assert.True(dear[0] < 16 && dear[1] <= dear[0], string.Join(",", dear));
        foreach (string rest in (string[])["D", "P", "E", "Q", "DEPQ"])
        {
            Model model = Keeping(tuned, 6, 4);
            foreach (Operator here in Pipeline.Parse(rest).Operators.Skip(1))
            {
                model = here.Apply(model, Toy.Context(workers));
            }

            using Espalier.Tests.Checkpoints.TemporaryFolder folder = new();
            ModelFolder.Save(model, folder["kept"], Toy.Tokenizer.Files());
            Model again = ModelFolder.Load(folder["kept"]).Model with { Tokenizer = Toy.Tokenizer };
            Assert.Equal(model.Config.Layers, again.Config.Layers);
            Assert.Equal(Toy.Logits(model, workers), Toy.Logits(again, workers));
        }
    }

    [Fact]
    public void Fewer_rows_are_fewer_multiply_adds_and_nothing_is_allocated()
    {
        using Workers workers = new(1);
        Model model = Keeping(Toy.Model, 4, 2) with { Traits = new Traits(Precision.Int8, true) };
        Assert.True(model.Config.MultiplyAdds(16) < 0.6 * Toy.Config.MultiplyAdds(16));
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Int8])
        {
            Session session = new(
                model with
                {
                    Traits = new Traits(precision, true),
                },
                workers,
                KernelFamily.Best,
                null
            );
            Tensor logits = new(All.Count, model.Config.Outputs);
            int[] exits = new int[All.Count];
            session.Run(All, Effort.Full, logits, exits);
            Assert.Equal(0, Allocation.Least(() => session.Run(All, Effort.Full, logits, exits)));
        }
    }

    static Model Keeping(Model model, params int[] rows) =>
        model with
        {
            Config = model.Config with
            {
                Layers =
                [
                    .. model.Config.Layers.Select(
                        (l, i) => l with { Attention = l.Attention with { Keeps = rows[i] } }
                    ),
                ],
            },
        };
}
