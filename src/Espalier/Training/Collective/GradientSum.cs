using Espalier.Autograd;
using Espalier.Tensors;

namespace Espalier.Training.Collective;

/// <summary>
/// The gradients of a step's shards, summed as a binary tree: shard 0 with 1, 2 with 3, then those sums, and so on. Processes each
/// have a subtree, so that the bytes of the sum do not depend on how many there are.
/// </summary>
sealed class GradientSum
{
    readonly Tape _tape;
    readonly (Variable Variable, Tensor Gradient)[] _whole;
    readonly Variable[] _byRow;
    readonly FlatView _flat;

    // Sums of 1, 2, 4 … shards that wait for their right-hand side, and memory that none of them needs.
    readonly Stack<Waiting> _waiting = new();
    readonly Stack<Tensor[]> _free = new();
    int _shards;

    public GradientSum(IEnumerable<Variable> trained, Tape tape)
    {
        Variable[] all = [.. trained];
        _tape = tape;
        _byRow = [.. all.Where(v => v.Rows is not null)];
        _whole = [.. all.Where(v => v.Rows is null).Select(v => (v, v.Gradient!))];
        _flat = new FlatView([.. _whole.Select(w => w.Gradient)]);
    }

    sealed record Waiting(Tensor[] Whole, SomeRows[] ByRow);

    /// <summary>Takes the gradients that a shard left in the variables.</summary>
    /// <param name="last">Whether it is the last of this process: the sum is then left in the variables.</param>
    public void Take(bool last)
    {
        _shards++;
        for (int sums = _shards; sums % 2 == 0; sums /= 2)
        {
            AddLeft(_waiting.Pop());
        }

        if (last)
        {
            _shards = 0;
        }
        else
        {
            _waiting.Push(PutAside());
        }
    }

    /// <summary>Goes on with the other processes' sums.</summary>
    public void Sum(Communicator processes)
    {
        Touch();
        processes.Sum(_flat);
        foreach (Variable variable in _byRow)
        {
            processes.Sum(variable.Gradient!, variable.Rows!);
        }
    }

    // A gradient that nothing was sent to is zero once somebody asks for it.
    void Touch()
    {
        foreach (var (variable, _) in _whole)
        {
            _ = variable.Gradient;
        }
    }

    void AddLeft(Waiting left)
    {
        for (int i = 0; i < _whole.Length; i++)
        {
            Tensor gradient = _whole[i].Variable.Gradient!;
            _tape.Kernels.Rows.Add(_tape.Workers, left.Whole[i], gradient, gradient);
        }

        for (int i = 0; i < _byRow.Length; i++)
        {
            left.ByRow[i].AddTo(_byRow[i].Gradient!, _byRow[i].Rows!, before: true);
        }

        _free.Push(left.Whole);
    }

    Waiting PutAside()
    {
        Tensor[] whole = _free.TryPop(out Tensor[]? free)
            ? free
            : [.. _whole.Select(w => new Tensor(w.Gradient.Shape))];
        for (int i = 0; i < whole.Length; i++)
        {
            Variable variable = _whole[i].Variable;
            variable.Gradient!.Span.CopyTo(whole[i].Span);
            variable.ClearGradient();
        }

        SomeRows[] byRow =
        [
            .. _byRow.Select(variable =>
            {
                SomeRows rows = SomeRows.Of(variable.Gradient!, variable.Rows!);
                foreach (int row in rows.Rows)
                {
                    variable.Gradient!.Row(row).Clear();
                }

                variable.Rows!.Clear();
                return rows;
            }),
        ];
        return new Waiting(whole, byRow);
    }
}
