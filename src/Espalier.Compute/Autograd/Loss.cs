using System.Numerics.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Autograd;

public sealed partial class Tape
{
    /// <summary>Mean over rows of −log softmax(logits)[label].</summary>
    public Variable CrossEntropy(Variable logits, ReadOnlySpan<int> labels)
    {
        int[] own = [.. labels];
        return Loss(logits, to => Losses.CrossEntropy(logits.Value, own, to));
    }

    /// <summary>Mean over the rows that have a target of −log softmax(logits)[target]: what language models are trained by.</summary>
    /// <param name="targets">One for each row; below 0: the row is not scored. At least one is.</param>
    public Variable NextToken(Variable logits, ReadOnlySpan<int> targets)
    {
        int[] own = [.. targets];
        return OfRows(
            logits,
            (rows, columns) => Losses.NextToken(Kernels.Rows, rows, columns, own)
        );
    }

    /// <summary>−(T²/N) Σ softmax(teacher/T) · log softmax(logits/T).</summary>
    public Variable SoftCrossEntropy(Variable logits, Tensor teacher, float temperature = 1) =>
        Loss(logits, to => Losses.SoftCrossEntropy(logits.Value, teacher, temperature, to));

    /// <summary>
    /// T² · soft · mean over all rows of the divergence of softmax(logits/T) from the teacher's, plus hard · <see cref="NextToken"/>
    /// where that is not 0: one gradient [rows, vocabulary] for both.
    /// </summary>
    /// <param name="teacher">At the same temperature.</param>
    /// <param name="targets">One for each row; below 0: the row is not scored.</param>
    public Variable Imitate(
        Variable logits,
        LikelyTokens teacher,
        ReadOnlySpan<int> targets,
        Imitation how
    )
    {
        int[] own = [.. targets];
        return OfRows(
            logits,
            (rows, columns) =>
                LanguageLosses.Imitate(Kernels.Rows, rows, columns, teacher, own, how)
        );
    }

    /// <summary>Mean of squared differences over all elements.</summary>
    public Variable MeanSquares(Variable x, Tensor target) =>
        Loss(x, to => Losses.MeanSquares(x.Value, target, to));

    /// <summary>Σ of all elements.</summary>
    public Variable Sum(Variable x) =>
        Loss(
            x,
            to =>
            {
                to.Span.Fill(1);
                double sum = 0;
                foreach (float value in x.Value.Span)
                {
                    sum += value;
                }

                return sum;
            }
        );

    /// <summary>Σ weight · loss.</summary>
    public Variable WeightedSum(params (Variable Loss, float Weight)[] terms) =>
        terms is [(var only, 1f)] ? only : Record(new WeightedSum(this, terms));

    Variable Loss(Variable x, Func<Tensor, double> of) => Record(new Loss(this, x, of));

    /// <summary>Scores that nobody has made are taken in blocks.</summary>
    Variable OfRows(Variable scores, Func<int, int, RowLoss> of)
    {
        if (scores.Product is { } product)
        {
            RowLoss blocked = of(product.X.Value.Rows, product.Weight.Value.Rows);
            return Record(new BlockedLoss(this, product, blocked));
        }

        RowLoss whole = of(scores.Value.Rows, scores.Value.Columns);
        return Loss(
            scores,
            to =>
            {
                double[] parts = new double[to.Rows];
                whole.Run(Workers, 0, scores.Value, to, parts);
                return whole.Total(parts);
            }
        );
    }
}

/// <summary>
/// A scalar and its gradient, computed in double at once since every loss here is cheap beside the model.
/// The formulas are in <see cref="Losses"/>.
/// </summary>
sealed class Loss : Operation
{
    readonly Variable _x;
    readonly Tensor _gradient;

    /// <param name="of">Gives the value and writes the gradient.</param>
    public Loss(Tape tape, Variable x, Func<Tensor, double> of)
    {
        _x = x;
        _gradient = tape.Rent(x.Value.Shape);
        double value = of(_gradient);
        Tensor y = tape.Rent(1, 1);
        y.Span[0] = (float)value;
        Output = new Variable(y, x.NeedsGradient);
    }

    internal override void Backward(Tape tape) =>
        Send(tape, _x, _gradient, Output.Gradient!.Span[0]);

    /// <summary>
    /// Adds up · gradient to what a variable has. Where nothing is there yet, this memory becomes the gradient: of a language
    /// model's scores there is no room for two.
    /// </summary>
    public static void Send(Tape tape, Variable to, Tensor? gradient, float up)
    {
        if (gradient is null)
        {
            return;
        }

        const int block = 1 << 16;
        Tensor sum = to.Receive(out bool add, _ => gradient);
        tape.Workers.Run(
            (sum.Count + block - 1) / block,
            b =>
            {
                int first = b * block,
                    count = Math.Min(block, sum.Count - first);
                Span<float> from = gradient.Span.Slice(first, count),
                    into = sum.Span.Slice(first, count);
                if (add)
                {
                    TensorPrimitives.MultiplyAdd(from, up, into, into);
                }
                else
                {
                    TensorPrimitives.Multiply(from, up, into);
                }
            }
        );
    }

    public override Cost Cost => Cost.Elements(2L * _x.Value.Count);
}

/// <summary>y = Σ weight · x over scalars.</summary>
sealed class WeightedSum : Operation
{
    readonly (Variable Loss, float Weight)[] _terms;

    public WeightedSum(Tape tape, (Variable Loss, float Weight)[] terms)
    {
        _terms = terms;
        Tensor y = tape.Rent(1, 1);
        y.Span[0] = terms.Sum(t => t.Weight * t.Loss.Value.Span[0]);
        Output = new Variable(y, terms.Any(t => t.Loss.NeedsGradient));
    }

    internal override void Backward(Tape tape)
    {
        foreach (var (loss, weight) in _terms.Where(t => t.Loss.NeedsGradient))
        {
            Tensor gradient = tape.Gradient(loss, out bool add);
            gradient.Span[0] = (add ? gradient.Span[0] : 0) + weight * Output.Gradient!.Span[0];
        }
    }

    public override Cost Cost => Cost.Elements(_terms.Length + 1L);
}
