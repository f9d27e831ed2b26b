using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Training;

/// <summary>What a batch gave on its way through a model; valid until the tape begins anew.</summary>
public sealed record Pass(Learner Learner, Batch Batch, GraphOutput Output)
{
    public Tape Tape => Learner.Tape;
    public Model Model => Learner.Model;

    /// <summary>A parameter of the model, or one beside it.</summary>
    public Variable this[string name] => Learner[name];
}

/// <summary>A model and what is trained beside it as variables on a tape. It works on their own tensors.</summary>
/// <param name="frozen">Parameters of the model that get no gradient; null: none.</param>
/// <param name="beside">Under names that the model does not use.</param>
/// <param name="see">Is shown what goes through the model in every pass.</param>
/// <param name="extract">As <see cref="Phase.Extract"/>.</param>
/// <param name="retained">What passes hold of each layer.</param>
public sealed class Learner(
    Model model,
    Tape tape,
    Predicate<string>? frozen = null,
    Parameters? beside = null,
    ISee<Variable>? see = null,
    Func<Learner, int, Variable, int[], Variable>? extract = null,
    Retained retained = Retained.Everything
)
{
    readonly ModelGraph _graph = new(model, frozen);
    readonly (string Name, Variable Variable)[] _beside =
    [
        .. (beside?.Names ?? []).Select(name =>
            (name, new Variable(beside![name], new Tensor(beside[name].Shape)))
        ),
    ];

    public Model Model => model;
    public Tape Tape => tape;

    public Variable this[string name] =>
        _beside.FirstOrDefault(b => b.Name == name).Variable ?? _graph[name];

    /// <summary>Weight and bias of a part of the model.</summary>
    public (Variable Weight, Variable? Bias) this[Part part] => _graph[part];

    /// <summary>The model's parameters in file order, then those beside it.</summary>
    public IEnumerable<(string Name, Variable Variable)> Trained => _graph.Trained.Concat(_beside);

    /// <param name="allExits">Whether classifiers behind earlier layers run too.</param>
    public Pass Forward(Batch batch, bool allExits = true) =>
        new(
            this,
            batch,
            _graph.Forward(
                tape,
                batch,
                allExits,
                see,
                extract is null ? null : (_, layer, x, ranks) => extract(this, layer, x, ranks),
                retained
            )
        );

    public void ClearGradients()
    {
        _graph.ClearGradients();
        foreach (var (_, variable) in _beside)
        {
            variable.ClearGradient();
        }
    }
}
