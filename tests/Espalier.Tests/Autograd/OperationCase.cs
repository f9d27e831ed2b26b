using Espalier.Autograd;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

/// <summary>An operation on fixed inputs: what gradient checks and counts of work are done on.</summary>
/// <param name="Cost">Counted from the shapes by hand.</param>
/// <param name="Drops">Whether it runs with a fixed stream of dropout masks.</param>
sealed record OperationCase(
    string Name,
    Input[] Inputs,
    Func<Tape, Variable[], Variable> Run,
    Cost Cost,
    bool Drops = false
)
{
    static readonly Rng Masks = new Rng(20261).Split("masks");

    public void Begin(Tape tape) => tape.Begin(Drops ? Masks : null);
}

/// <summary>What an operation reads.</summary>
/// <param name="Computed">Whether it may also be another operation's output; else a parameter only.</param>
sealed record Input(string Name, Tensor Value, bool Computed);
