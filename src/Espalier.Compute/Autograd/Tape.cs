using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>One operation as it was run; knows how to send its output's gradient to its inputs.</summary>
public abstract class Operation
{
    /// <summary>Of the forward pass; a backward pass through products takes twice the multiply-adds.</summary>
    public abstract Cost Cost { get; }

    /// <summary>Adds to the gradients of the inputs. The output's gradient is there when this is called.</summary>
    internal abstract void Backward(Tape tape);

    internal Variable Output { get; private protected init; } = null!;
}

/// <summary>
/// Records operations as they run and walks them backwards. One tape serves one training loop: memory
/// and packed weights are kept from step to step. Each operation's file says how it is called.
/// </summary>
public sealed partial class Tape(Workers workers, KernelFamily kernels)
{
    readonly Arena _arena = new();

    // What lives no longer than one segment or one operation.
    readonly Arena _brief = new();
    List<Operation> _operations = [];

    // The arena of what is rented now, and the input of the segment that is at work, if one is.
    Arena? _within;
    Variable? _input;
    readonly Dictionary<(Tensor, bool), CurrentPack> _packed = [];
    int _weightsVersion;
    Rng _rng;
    ulong _draws;

    public Workers Workers { get; } = workers;
    public KernelFamily Kernels { get; } = kernels;

    /// <summary>Whether dropout is on.</summary>
    public bool Training { get; private set; }

    /// <summary>What the recorded forward passes took.</summary>
    public Cost Cost =>
        _operations.Aggregate(default(Cost), (sum, operation) => sum + operation.Cost);

    /// <summary>Forgets the last step. Tensors that operations returned are not valid any more.</summary>
    /// <param name="dropout">Stream of all masks of this step; null: no dropout.</param>
    public void Begin(Rng? dropout = null)
    {
        _operations.Clear();
        _arena.Reset();
        (_within, _input) = (null, null);
        _draws = 0;
        _rng = dropout ?? default;
        Training = dropout is not null;
    }

    /// <summary>Says that parameters changed, so that their packed forms are made again.</summary>
    public void WeightsChanged() => _weightsVersion++;

    /// <summary>
    /// Makes the packed forms of a parameter again, now, while its new numbers are still in a cache; after
    /// <see cref="WeightsChanged"/>.
    /// </summary>
    public void Repack(Tensor weight)
    {
        foreach (bool transposed in (ReadOnlySpan<bool>)[true, false])
        {
            if (_packed.ContainsKey((weight, transposed)))
            {
                Packed(weight, transposed);
            }
        }
    }

    /// <summary>The packed forms that a parameter has so far; whoever makes them again says so by <see cref="Repacked"/>.</summary>
    public PackedForms Forms(Tensor weight) =>
        new(
            _packed.GetValueOrDefault((weight, true))?.Matrix,
            _packed.GetValueOrDefault((weight, false))?.Matrix
        );

    /// <summary>Says that these forms are those of the weights after <see cref="WeightsChanged"/>.</summary>
    public void Repacked(Tensor weight)
    {
        foreach (bool transposed in (ReadOnlySpan<bool>)[true, false])
        {
            if (_packed.TryGetValue((weight, transposed), out CurrentPack? packed))
            {
                packed.Version = _weightsVersion;
            }
        }
    }

    /// <summary>Runs every recorded operation backwards from a scalar.</summary>
    public void Backward(Variable loss)
    {
        if (loss.Value.Count != 1)
        {
            throw new ArgumentException(
                $"Backward starts from a scalar; the loss is {loss.Value.Shape}."
            );
        }

        Gradient(loss, out _).Span[0] = 1;
        Backward(this, _operations);
    }

    internal static void Backward(Tape tape, List<Operation> operations)
    {
        for (int i = operations.Count - 1; i >= 0; i--)
        {
            if (operations[i].Output.Gradient is not null)
            {
                operations[i].Backward(tape);
            }
        }
    }

    /// <summary>Bytes that steps so far have needed at most, beside parameters and their packed forms.</summary>
    public long Bytes => _arena.Bytes + _brief.Bytes;

    /// <summary>Memory until the next <see cref="Begin"/>, or of a segment until its end; holds arbitrary numbers.</summary>
    internal Tensor Rent(Shape shape) => (_within ?? _arena).Rent(shape);

    internal Tensor Rent(int rows, int columns) => Rent(new Shape(rows, columns));

    /// <summary>Memory for an operation outside of segments, until it returns.</summary>
    internal Tensor Briefly(Shape shape)
    {
        _brief.Reset();
        return _brief.Rent(shape);
    }

    /// <summary>Streams of chance that were handed out so far.</summary>
    internal ulong Draws => _draws;

    /// <summary>Runs a segment, forwards or backwards.</summary>
    /// <param name="brief">Whether what is rented meanwhile is let go at the end; only the input's gradient stays.</param>
    /// <param name="draws">Where its streams of chance begin.</param>
    internal (Variable Y, List<Operation> Operations) Inside(
        Variable input,
        Func<Variable> run,
        bool brief,
        ulong draws
    )
    {
        ulong after = _draws;
        _brief.Reset();
        (_within, _input, _draws) = (brief ? _brief : _arena, input, draws);
        var recorded = Recorded(run);
        (_within, _input, _draws) = (null, null, Math.Max(after, _draws));
        return recorded;
    }

    /// <summary>With a list of its own for the operations.</summary>
    internal (Variable Y, List<Operation> Operations) Recorded(Func<Variable> run)
    {
        List<Operation> outer = _operations;
        _operations = [];
        Variable y = run();
        (List<Operation> inner, _operations) = (_operations, outer);
        return (y, inner);
    }

    internal Variable Record(Operation operation)
    {
        if (operation.Output.NeedsGradient)
        {
            _operations.Add(operation);
        }

        return operation.Output;
    }

    /// <summary>The gradient to write to or, when something is there already, to add to.</summary>
    internal Tensor Gradient(Variable variable, out bool add) =>
        variable.Receive(out add, ReferenceEquals(variable, _input) ? _arena.Rent : Rent);

    /// <summary>The gradient of what is summed over rows and can only be added to: zeros when nothing is there.</summary>
    internal Tensor Sums(Variable variable)
    {
        Tensor gradient = Gradient(variable, out bool add);
        if (!add)
        {
            gradient.Span.Clear();
        }

        return gradient;
    }

    /// <summary>
    /// Memory for a contribution that a kernel writes instead of adding: the gradient itself where it may.
    /// <see cref="Send"/> takes it back.
    /// </summary>
    internal Tensor Contribution(Variable variable) =>
        variable is { NeedsGradient: true, Gradient: null }
            ? Gradient(variable, out _)
            : Rent(variable.Value.Shape);

    /// <summary>Adds a contribution to the gradient of a variable, unless that is frozen or the memory is its own.</summary>
    internal void Send(Variable variable, Tensor contribution)
    {
        if (!variable.NeedsGradient || ReferenceEquals(contribution, variable.Gradient))
        {
            return;
        }

        Tensor gradient = Gradient(variable, out bool add);
        if (add)
        {
            Kernels.Rows.Add(Workers, contribution, gradient, gradient);
        }
        else
        {
            Kernels.Rows.Activate(Workers, Activation.None, contribution, gradient);
        }
    }

    internal Rng NextStream() => _rng.Split(_draws++);

    /// <summary>A weight as right-hand side, packed once for each version of the weights.</summary>
    internal PackedMatrix Packed(Tensor weight, bool transposed)
    {
        if (!_packed.TryGetValue((weight, transposed), out CurrentPack? packed))
        {
            var (k, n) = transposed ? (weight.Columns, weight.Rows) : (weight.Rows, weight.Columns);
            packed = new CurrentPack(Kernels.Gemm.Allocate(k, n));
            _packed.Add((weight, transposed), packed);
        }

        if (packed.Version != _weightsVersion)
        {
            Kernels.Gemm.Pack(Workers, weight, transposed, packed.Matrix);
            packed.Version = _weightsVersion;
        }

        return packed.Matrix;
    }

    sealed class CurrentPack(PackedMatrix matrix)
    {
        public PackedMatrix Matrix { get; } = matrix;
        public int Version { get; set; } = -1;
    }
}
