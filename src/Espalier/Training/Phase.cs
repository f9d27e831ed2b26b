using Espalier.Autograd;
using Espalier.Models;
using Espalier.Models.Walk;

namespace Espalier.Training;

/// <summary>One training of a stage: what it is called, and what it trains how fast.</summary>
public sealed record Phase
{
    /// <summary>Names its stream of chance and its checkpoint; empty where it is the stage's first or only one.</summary>
    public string Name { get; init; } = "";

    /// <summary>Parameters of the model that are not trained; null: none.</summary>
    public Predicate<string>? Frozen { get; init; }

    /// <summary>Multiplies the learning rate of a parameter, by name; null: 1.</summary>
    public Func<string, double>? Rate { get; init; }

    /// <summary>What is trained beside the model, such as projections and gates; in place, under names that the model does not use.</summary>
    public Parameters? Beside { get; init; }

    /// <summary>Is shown what goes through the model in every pass, before the loss is asked for: states, contexts, scores.</summary>
    public ISee<Variable>? See { get; init; }

    /// <summary>Is done behind attentions that keep some rows alone, instead of taking the others out, from the layer, its rows and their ranks by significance; null: they are taken out.</summary>
    public Func<Learner, int, Variable, int[], Variable>? Extract { get; init; }

    /// <summary>Null: the stage's.</summary>
    public TrainingOptions? Options { get; init; }
}
