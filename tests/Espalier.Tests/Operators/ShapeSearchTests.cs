using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Tests.Runs;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>Minitron in steps, and with a budget instead of a shape.</summary>
public sealed class ShapeSearchTests : IDisposable
{
    readonly Workers _workers = new(1);
    readonly TemporaryFolder _folder = new();
    readonly Model _teacher;

    public ShapeSearchTests() =>
        _teacher = new FineTune().Apply(
            ToyLlama.Model(layers: 4) with
            {
                Tokenizer = Toy.Tokenizer,
            },
            Toy.Context(_workers)
        );

    public void Dispose()
    {
        _workers.Dispose();
        _folder.Dispose();
    }

    static Pruning Stage(string text) => (Pruning)Pipeline.Parse(text).Operators[^1];

    OperatorContext Context(List<string>? notes = null, string? folder = null) =>
        Toy.Context(_workers) with
        {
            Note = notes is null ? null : notes.Add,
            Checkpoint = folder is null
                ? null
                : new CheckpointPlace(_folder[folder], "key", TimeSpan.FromHours(1)),
        };

    [Theory]
    [InlineData("P(minitron)", 1)]
    [InlineData("P(minitron,ffn=0.5,hidden=32)", 3)]
    [InlineData("P(minitron,ffn=0.25,hidden=16,layers=2,heads=0.5)", 8)]
    [InlineData("P(minitron,ffn=0.25,hidden=32,steps=1)", 1)]
    [InlineData("P(minitron,ffn=0.25,hidden=32,logits=0)", 1)]
    [InlineData("P(ffn=0.25,hidden=16)", 1)]
    [InlineData("P(ffn=0.5,hidden=32,steps=auto)", 3)]
    public void Steps_are_as_many_as_none_takes_over_a_third_where_over_half_goes(
        string text,
        int steps
    )
    {
        Pruning stage = Stage(text);
        double stays = stage.After(_teacher.Config).Weights / (double)_teacher.Parameters.Count;
        Assert.True(
            stage.StepsOf(_teacher.Config) == steps,
            $"{stage.StepsOf(_teacher.Config)} where {stays} stays"
        );
        Assert.True(
            stage.Steps is not null || steps == 1 || Math.Pow(stays, 1.0 / steps) >= 2 / 3.0
        );
    }

    [Theory]
    [InlineData("P(minitron,ffn=0.5,hidden=32,heads=0.5,layers=3,steps=", "auto")]
    [InlineData("P(minitron,ffn=100,hidden=24,heads=1,layers=1,steps=", "5")]
    public void However_many_steps_they_end_with_the_shape_that_is_asked_for(
        string text,
        string steps
    )
    {
        Pruning stage = Stage($"{text}{steps})");
        int count = stage.StepsOf(_teacher.Config);
        Assert.InRange(count, 3, 6);
        Model a = stage.Apply(_teacher, Context()),
            same = Stage($"{text}{count})").Apply(_teacher, Context()),
            once = Stage($"{text}1)").Apply(_teacher, Context());
        ModelConfig asked = stage.After(_teacher.Config);
        foreach (Model made in (Model[])[a, once])
        {
            Assert.Equal(asked.Hidden, made.Config.Hidden);
            Assert.Equal(asked.Layers, made.Config.Layers);
            Assert.Equal(asked.Weights, made.Parameters.Count);
        }

        Assert.Equal(Bytes(same), Bytes(a));
        Assert.NotEqual(Bytes(once), Bytes(a));
    }

    [Theory]
    [InlineData("parameters=0.6")]
    [InlineData("memory=0.45")]
    [InlineData("time=0.5")]
    [InlineData("parameters=0.7,time=0.4")]
    public void A_budget_gives_the_model_that_its_shape_written_out_gives(string budget)
    {
        List<string> notes = [];
        Minitron asked = (Minitron)Stage($"P(minitron,{budget})");

        Model found = asked.Apply(_teacher, Context(notes));

        ModelConfig config = found.Config;
        Block block = config.Layers[0];
        double parameters = found.Parameters.Count / (double)_teacher.Parameters.Count,
            memory = Memory(config) / Memory(_teacher.Config),
            time = config.MultiplyAdds(16) / (double)_teacher.Config.MultiplyAdds(16);
        Assert.True(
            parameters <= asked.Parameters && memory <= asked.Memory && time <= asked.Time,
            $"{parameters} {memory} {time}"
        );
        Assert.True(
            parameters > 0.75 * asked.Parameters
                || memory > 0.75 * asked.Memory
                || time > 0.75 * asked.Time,
            $"{parameters} {memory} {time}"
        );
        string shape =
            $"P(minitron,heads={block.Attention.Heads},ffn={block.Mlp.Width},hidden={config.Hidden},layers={config.Layers.Count})";
        int[] told =
        [
            .. System
                .Text.RegularExpressions.Regex.Matches(notes[0], @"(?<=: |; |, )\d+(?= )")
                .Select(m => Numeral.TryWhole(m.Value, out int count) ? count : -1),
        ];
        Assert.True(
            told is [> 8, var tried, 3] && tried == Math.Min(told[0], ShapeSearch.Most),
            $"{notes[0]}: {string.Join(' ', told)}"
        );
        Assert.Contains(shape, notes[^1]);
        Assert.Equal(Bytes(found), Bytes(Stage(shape).Apply(_teacher, Context())));
    }

    static double Memory(ModelConfig config) =>
        4 * config.Weights + 8 * 16 * config.Layers.Sum(l => l.Attention.KeyColumns);

    [Fact]
    public void A_budget_serves_an_encoder_too()
    {
        Model found = Stage("P(minitron,parameters=0.6)").Apply(Toy.Model, Context());
        Assert.InRange(found.Parameters.Count / (double)Toy.Model.Parameters.Count, 0.4, 0.6);
        Assert.All(Toy.Logits(found, _workers), l => Assert.True(float.IsFinite(l)));
    }

    [Fact]
    public void Without_learning_the_loss_right_after_pruning_decides()
    {
        List<string> notes = [];
        Model found = Stage("P(minitron,parameters=0.6,logits=0)").Apply(_teacher, Context(notes));
        Assert.Contains(" 0 learn from", notes[0]);
        Assert.True(found.Parameters.Count < 0.6 * _teacher.Parameters.Count);
    }

    [Theory]
    [InlineData("P(minitron,parameters=0.3)")]
    [InlineData("P(minitron,ffn=0.25,hidden=32,correction=1)")]
    public void Killed_anywhere_and_called_again_it_ends_with_the_same_bytes(string text)
    {
        Pruning stage = Stage(text);
        OperatorContext Saved(CancellationToken stop, TimeProvider time) =>
            Context(folder: "stage") with
            {
                Stop = stop,
                Time = time,
            };
        Looks all = new(int.MaxValue);
        byte[] whole = Bytes(stage.Apply(_teacher, Context(folder: "whole") with { Time = all }));
        Rng chance = new(2025);
        int killed = 0;
        for (ulong i = 0; ; i++)
        {
            Looks looks = new(1 + chance.Below(all.Count / 3, i));
            try
            {
                Assert.Equal(whole, Bytes(stage.Apply(_teacher, Saved(looks.Stop.Token, looks))));
                break;
            }
            catch (OperationCanceledException)
            {
                Assert.True(++killed < 200, "it does not get on");
            }
        }

        Assert.True(killed >= 3, $"{killed} times of {all.Count} looks at the clock");
        Assert.True(Directory.GetFiles(_folder["stage"], CheckpointPlace.Pattern).Length >= 3);
    }

    [Theory]
    [InlineData("P(minitron,parameters=0.01)", "the smallest shape that is tried")]
    [InlineData("P(minitron,time=0.02,memory=0.02)", "ask for no less")]
    public void A_budget_that_nothing_meets_is_refused(string text, string why) =>
        Assert.Contains(
            why,
            Assert
                .Throws<InvalidDataException>(() => Stage(text).Apply(_teacher, Context()))
                .Message
        );

    [Fact]
    public void A_budget_and_a_shape_are_not_asked_for_together()
    {
        Assert.Contains(
            "leave them out",
            Stage("P(minitron,time=0.5,ffn=0.5)").Problem(_teacher.Config)
        );
        Assert.Null(Stage("P(minitron,time=0.5)").Problem(_teacher.Config));
        Assert.Null(Stage("P(minitron,ffn=0.5)").Problem(_teacher.Config));
    }

    static byte[] Bytes(Model model) =>
        [
            .. model.Parameters.Names.SelectMany(n =>
                System
                    .Runtime.InteropServices.MemoryMarshal.AsBytes(model.Parameters[n].Span)
                    .ToArray()
            ),
        ];
}
