using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tests.Models;
using Espalier.Text;
using Espalier.Training;

namespace Espalier.Tests.Operators;

public sealed class OrderTests
{
    [Fact]
    public void Every_operator_takes_every_operators_output_in_all_120_orders()
    {
        using Workers workers = new(2);
        OperatorContext context = Toy.Context(workers) with
        {
            Training = Toy.Training with { Epochs = 1, BatchSize = 48 },
        };
        Assert.Equal(120, Orders("DEPLQ").Distinct().Count());
        Dictionary<string, Model> made = new() { [""] = Toy.Model };
        foreach (string order in Orders("DEPLQ"))
        {
            for (int i = 0; i < order.Length; i++)
            {
                string prefix = order[..(i + 1)];
                if (!made.ContainsKey(prefix))
                {
                    made[prefix] = Operator
                        .All.First(o => o.Letter == order[i])
                        .Apply(made[order[..i]], context);
                    made[prefix].Check();
                }
            }

            Model final = made[order];
            Assert.True(
                final.Config.HasExits
                    && final.Traits is { DynamicLength: true, Precision: Precision.Int8 },
                order
            );
            Assert.True(
                final.Config.Layers.Count == 1 && final.Config.Layers[0].Mlp.Width == 32,
                order
            );
            Assert.All(Toy.Logits(final, workers), l => Assert.True(float.IsFinite(l), order));
        }
    }

    [Theory]
    [InlineData("DEPLQ")]
    [InlineData("EP(scope=model,heads=0.4,ffn=0.3)")]
    [InlineData("V(first=8)E(pool=mean)Q")]
    [InlineData("O(pool=mean)")]
    public void A_saved_model_reloads_and_answers_the_same(string text)
    {
        using Workers workers = new(1);
        Model model = Toy.Model;
        foreach (Operator next in Pipeline.Parse(text).Operators)
        {
            OperatorContext context = Toy.Context(workers);
            model = next.Apply(model, context with { Task = context.Task.With(model.Tokenizer!) });
        }

        string folder = Path.Combine(
            Directory.CreateTempSubdirectory("espalier").FullName,
            "model"
        );
        ModelFolder.Save(model, folder, model.Tokenizer!.Files());
        Model back = ModelFolder.Load(folder).Model with { Tokenizer = Tokenizer.Load(folder) };
        Assert.Equal(model.Traits, back.Traits);
        Assert.Equal(model.Config.Layers, back.Config.Layers);
        Assert.Equal(Toy.Logits(model, workers), Toy.Logits(back, workers));
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    [Fact]
    public void Training_gives_the_same_bytes_for_1_2_and_8_threads()
    {
        float[]? first = null;
        foreach (int threads in (int[])[1, 2, 8])
        {
            using Workers workers = new(threads);
            float[] logits = Toy.Logits(
                new FineTune().Apply(Toy.Model, Toy.Context(workers)),
                workers
            );
            first ??= logits;
            Assert.Equal(first, logits);
        }
    }

    [Fact]
    public void Fine_tuning_learns_the_toy_task()
    {
        using Workers workers = new(2);
        OperatorContext context = Toy.Context(workers) with
        {
            Training = Toy.Training with { Epochs = 12 },
        };
        float[] logits = Toy.Logits(new FineTune().Apply(Toy.Model, context), workers);
        int right = Toy
            .Data.Test.Examples.Where(
                (e, i) => (logits[2 * i + 1] > logits[2 * i]) == (e.Label == 1)
            )
            .Count();
        Assert.True(right >= 46, $"{right} of 48 right");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void A_training_that_was_interrupted_and_resumed_ends_with_the_same_bytes(int after)
    {
        using Workers workers = new(2);
        string folder = Directory.CreateTempSubdirectory("espalier").FullName;
        float[] whole = Toy.Logits(new FineTune().Apply(Toy.Model, Toy.Context(workers)), workers);
        using CancellationTokenSource stop = new();
        int steps = 0;
        OperatorContext interrupted = Toy.Context(workers) with
        {
            Checkpoint = new CheckpointPlace(folder, "key", TimeSpan.FromHours(1)),
            Time = new TickingTime(() =>
            {
                if (++steps == 3 * after)
                {
                    stop.Cancel();
                }
            }),
            Stop = stop.Token,
            Report = _ => { },
        };
        Assert.Throws<OperationCanceledException>(() =>
            new FineTune().Apply(Toy.Model, interrupted)
        );
        Assert.NotEmpty(Directory.GetFiles(folder));
        OperatorContext resumed = Toy.Context(workers) with
        {
            Checkpoint = new CheckpointPlace(folder, "key", TimeSpan.FromHours(1)),
        };
        Assert.Equal(whole, Toy.Logits(new FineTune().Apply(Toy.Model, resumed), workers));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_in_that_step_and_names_the_examples()
    {
        using Workers workers = new(1);
        OperatorContext context = Toy.Context(workers) with
        {
            Training = Toy.Training with { Rate = 1e30, WarmUp = 0, ClipNorm = 1e30 },
        };
        string message = Assert
            .Throws<DivergedException>(() => new FineTune().Apply(Toy.Model, context))
            .Message;
        Assert.Matches(@"Training stopped in step \d+: .* on examples [\d, ]+ ", message);
    }

    static IEnumerable<string> Orders(string letters) =>
        letters.Length == 1
            ? [letters]
            : letters.SelectMany(c => Orders(letters.Replace($"{c}", "")).Select(rest => c + rest));

    /// <summary>A clock that tells when it is looked at: once for each step of a training, and some.</summary>
    sealed class TickingTime(Action looked) : TimeProvider
    {
        public override long GetTimestamp()
        {
            looked();
            return base.GetTimestamp();
        }
    }
}
