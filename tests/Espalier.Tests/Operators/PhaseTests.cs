using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Walk;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>Several trainings in one stage.</summary>
public sealed class PhaseTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("espalier").FullName;
    readonly Workers _workers = new(1);

    public void Dispose()
    {
        _workers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_second_phase_trains_although_the_first_is_finished_and_saved()
    {
        List<string> told = [];
        Model both = TwoPhases(Context(told.Add)),
            again = TwoPhases(Context(told.Add)),
            free = TwoPhases(Toy.Context(_workers));
        Same(free, both);
        Same(free, again);
        Assert.Empty(told);
        Assert.Equal(2, Directory.GetFiles(_folder, CheckpointPlace.Pattern).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(25)]
    [InlineData(40)]
    public void A_stage_of_two_phases_that_was_killed_goes_on_in_the_phase_it_was_in(int step)
    {
        Model whole = TwoPhases(Toy.Context(_workers));
        using CancellationTokenSource stop = new();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() =>
            TwoPhases(
                Context() with
                {
                    Stop = stop.Token,
                },
                () =>
                {
                    if (++steps == step)
                    {
                        stop.Cancel();
                    }
                }
            )
        );
        int left = 0;
        Same(whole, TwoPhases(Context(), () => left++));
        Assert.Equal(48, step + left);
    }

    [Fact]
    public void Phases_have_streams_of_their_own_and_a_name_stands_once()
    {
        OperatorContext context = Context();
        Model a = Trained(context, new Phase()),
            b = Trained(context, new Phase { Name = "other" });
        Assert.NotEqual(
            a.Parameters[Part.Word.Weight].Span.ToArray(),
            b.Parameters[Part.Word.Weight].Span.ToArray()
        );
        Assert.Contains(
            "called 'other'",
            Assert
                .Throws<InvalidOperationException>(() =>
                    Trained(context, new Phase { Name = "other" })
                )
                .Message
        );
    }

    [Fact]
    public void Parameters_beside_the_model_are_trained_and_saved_with_it()
    {
        Parameters gates = Gates();
        Phase phase = new() { Beside = gates, Frozen = _ => true };
        Model model = Trained(Context(), phase);
        Same(Toy.Model, model);
        float[] learned = gates["gate.weight"].Span.ToArray();
        Assert.NotEqual(Gates()["gate.weight"].Span.ToArray(), learned);

        // A call that finds the training finished reads them back.
        Parameters read = Gates();
        Trained(Context(), phase with { Beside = read });
        Assert.Equal(learned, read["gate.weight"].Span.ToArray());
    }

    [Fact]
    public void A_phase_is_shown_what_goes_through_the_model_before_its_loss_is_asked_for()
    {
        Seen seen = new();
        Model model = Toy.Model with { Parameters = Toy.Model.Parameters.Clone() };
        Context()
            .Train(
                model,
                pass =>
                {
                    Assert.Equal(pass.Output.Layers, seen.States);
                    return pass.Tape.MeanSquares(
                        seen.States[0],
                        new Tensor(seen.States[0].Value.Shape)
                    );
                },
                new Phase { See = seen }
            );
        Assert.Equal(24, seen.Passes);
    }

    sealed class Seen : ISee<Variable>
    {
        public List<Variable> States { get; } = [];
        public int Passes { get; private set; }

        public void Embedding(Variable x)
        {
            States.Clear();
            Passes++;
        }

        public void State(int layer, Variable x) => States.Add(x);
    }

    static Parameters Gates()
    {
        Parameters gates = new();
        Tensor weight = new(2, 2);
        weight.Span[0] = weight.Span[3] = 1;
        gates.Add("gate.weight", weight);
        gates.Add("gate.bias", new Tensor(2));
        return gates;
    }

    static Model Trained(OperatorContext context, Phase phase)
    {
        Model model = Toy.Model with { Parameters = Toy.Model.Parameters.Clone() };
        context.Train(model, pass => Loss(pass, phase.Beside is not null), phase);
        return model;
    }

    static Variable Loss(Pass pass, bool gated)
    {
        Variable logits = pass.Output.LastLogits;
        return pass.Tape.CrossEntropy(
            gated ? pass.Tape.Linear(logits, pass["gate.weight"], pass["gate.bias"]) : logits,
            pass.Batch.Labels
        );
    }

    static Model TwoPhases(OperatorContext context, Action? step = null)
    {
        Model model = Toy.Model with { Parameters = Toy.Model.Parameters.Clone() };
        foreach (string name in (string[])["", "second"])
        {
            context.Train(
                model,
                pass =>
                {
                    step?.Invoke();
                    return Loss(pass, gated: false);
                },
                new Phase { Name = name }
            );
        }

        return model;
    }

    OperatorContext Context(Action<string>? note = null) =>
        Toy.Context(_workers) with
        {
            Checkpoint = new CheckpointPlace(_folder, "key", TimeSpan.FromHours(1)) { Note = note },
        };

    static void Same(Model expected, Model actual) =>
        Assert.All(
            expected.Parameters.Names,
            name =>
                Assert.Equal(
                    expected.Parameters[name].Span.ToArray(),
                    actual.Parameters[name].Span.ToArray()
                )
        );
}
