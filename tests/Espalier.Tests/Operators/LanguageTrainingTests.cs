using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>Language models go through the operators that classifiers go through.</summary>
[Trait("tier", "golden")]
public sealed class LanguageTrainingTests : IDisposable
{
    readonly Workers _workers = new(2);
    readonly ToyWriter _toy = new();

    public void Dispose()
    {
        _workers.Dispose();
        _toy.Dispose();
    }

    OperatorContext Context(ulong seed = 1) => ToyCorpus.Context(_toy, _workers, seed);

    /// <summary>Mean −ln p of the windows' tokens but their first.</summary>
    double Loss(Model model, EncodedSplit split)
    {
        Batch batch = split.Take([.. Enumerable.Range(0, split.Count)]);
        int[] next = batch.NextTokens();
        List<double> losses = [];
        new LanguageSession(new PackedModel(model, _workers, KernelFamily.Best), _workers).Score(
            batch,
            (row, logits) =>
            {
                for (int r = 0; r < logits.Rows; r++)
                {
                    if (next[row + r] is >= 0 and var token)
                    {
                        float[] scores = [.. logits.Row(r)];
                        losses.Add(Math.Log(scores.Sum(s => Math.Exp(s))) - scores[token]);
                    }
                }
            }
        );
        Assert.Equal(split.Tokens - split.Count, losses.Count);
        return losses.Average();
    }

    [Fact]
    public void Fine_tuning_on_a_corpus_makes_text_like_it_likelier()
    {
        OperatorContext context = Context();

        Model tuned = new FineTune().Apply(_toy.Model, context);

        double before = Loss(_toy.Model, context.Task.Test),
            after = Loss(tuned, context.Task.Test);
        Assert.InRange(before, 5, 6);
        Assert.InRange(after, 0.5, 4);
    }

    [Fact]
    public void Fine_tuning_is_the_loop_that_one_would_write_by_hand()
    {
        OperatorContext context = Context(seed: 3);

        Model tuned = new FineTune().Apply(_toy.Model, context);

        Parameters weights = _toy.Model.Parameters.Clone();
        Tape tape = new(_workers, KernelFamily.Best);
        ModelGraph graph = new(_toy.Model with { Parameters = weights });
        TrainingOptions options = ToyCorpus.Training;
        AdamW optimizer = new(graph.Trained, _workers, KernelFamily.Best, options);
        EncodedSplit data = context.Task.Training;
        int perEpoch = options.StepsPerEpoch(data.Count),
            steps = perEpoch * options.Epochs;
        for (int step = 0; step < steps; step++)
        {
            int[] order = data.Shuffled(context.Rng.Split("order").Split((ulong)(step / perEpoch)));
            Batch batch = data.Take([
                .. order.Skip(step % perEpoch * options.BatchSize).Take(options.BatchSize),
            ]);
            tape.Begin();
            optimizer.Prepare(batch.Ids);
            tape.Backward(
                tape.NextToken(graph.Forward(tape, batch).LastLogits, batch.NextTokens())
            );
            optimizer.Step(options.RateAt(step, steps), optimizer.GradientNorm(), tape);
        }

        optimizer.CatchUp();
        Assert.All(
            weights.Names,
            name =>
                Assert.Equal(weights[name].Span.ToArray(), tuned.Parameters[name].Span.ToArray())
        );
    }

    [Fact]
    public void Calibrating_goes_through_windows_of_the_training_text()
    {
        OperatorContext context = Context();

        Batch[] examples = [.. CalibrationRun.Examples(context, 6)];

        int[] text = context
            .Task.Tokenizer.EncodeIds(context.Task.Data.Training.Examples.Single().Text)
            .Ids;
        foreach (Batch batch in examples)
        {
            for (int s = 0; s < batch.Count; s++)
            {
                int from = batch.Examples[s] * ToyCorpus.Window;
                Assert.Equal(
                    text.Skip(from).Take(ToyCorpus.Window),
                    batch.Ids[batch.Starts[s]..batch.Starts[s + 1]]
                );
            }
        }

        Assert.Equal(6, examples.Sum(b => b.Count));
        Model rounded = Pipeline.Parse("Q(gptq,group=32)").Operators[^1].Apply(_toy.Model, context);
        Assert.InRange(
            Loss(rounded, context.Task.Test),
            Loss(_toy.Model, context.Task.Test) * 0.95,
            Loss(_toy.Model, context.Task.Test) * 1.05
        );
    }

    [Theory]
    [InlineData("E(pool=mean)", "leave it out")]
    [InlineData("L(power)", "leave it out")]
    [InlineData("V", "leave V out")]
    [InlineData("D(tinybert)", "distilled by D")]
    [InlineData("O(pool=mean)", "leave pool out")]
    public void An_operator_without_a_form_for_language_models_says_so_itself(
        string text,
        string what
    )
    {
        Operator one = Pipeline.Written(text)[0];

        Assert.Contains(what, one.Problem(_toy.Model.Config));
        Assert.Null(one.Problem(Toy.Config));
    }

    [Theory]
    [InlineData("Q(bits=4)", "O(downloaded)Q(bits=4)")]
    [InlineData("OQ", "Q")]
    [InlineData("O", "O")]
    [InlineData("O(downloaded)Q", "O(downloaded)Q")]
    public void On_a_corpus_a_pipeline_begins_as_downloaded_unless_it_says_otherwise(
        string written,
        string meant
    ) =>
        Assert.Equal(
            meant,
            $"{Pipeline.Parse(written).From(null, Pipeline.NamesOriginal(written) ? null : new Corpus())}"
        );
}
