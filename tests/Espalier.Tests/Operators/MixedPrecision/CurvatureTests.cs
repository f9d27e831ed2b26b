using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Operators.MixedPrecision;
using Espalier.Tensors;
using Espalier.Tests.Models;
using MathNet.Numerics.LinearAlgebra;

namespace Espalier.Tests.Operators.MixedPrecision;

/// <summary>Top eigenvalues against explicit matrices, and second derivatives against differences of the loss.</summary>
public sealed class CurvatureTests : IDisposable
{
    static readonly string[] Names = [Part.Layer(0, Role.Down).Weight];
    readonly Workers _workers = new(1);

    public void Dispose() => _workers.Dispose();

    /// <summary>So small that the Hessian of a matrix has 6 x 8 rows.</summary>
    static Model Small { get; } =
        Toy.Make(
            Toy.Config with
            {
                Hidden = 6,
                Layers = [Block.Bert(2, 3, 8)],
                EmbeddingDropout = 0,
                Head = new ClassifierSpec(),
            },
            seed: 11
        );

    [Theory]
    [InlineData(5)]
    [InlineData(-7)]
    public void The_eigenvalue_of_largest_magnitude_is_found_whatever_its_sign(double largest)
    {
        double[] values = [largest, 3, -2, 1, 0.5, 0, 0, 0.1];
        Rng rng = new(3);
        Matrix<double> q = Matrix<double>
            .Build.Dense(8, 8, (i, j) => rng.Normal((ulong)(8 * i + j)))
            .QR()
            .Q;
        Matrix<double> h = q * Matrix<double>.Build.DiagonalOfDiagonalArray(values) * q.Transpose();
        double top = Curvature.Top(
            v =>
                [
                    .. (h * Vector<double>.Build.Dense([.. v.Select(x => (double)x)])).Select(x =>
                        (float)x
                    ),
                ],
            8,
            new Rng(4)
        );
        Assert.Equal(largest, top, 0.02 * Math.Abs(largest));
    }

    [Fact]
    public void A_matrix_of_zeros_has_the_eigenvalue_0() =>
        Assert.Equal(0, Curvature.Top(v => new float[v.Length], 4, new Rng(1)));

    [Fact]
    public void The_top_eigenvalue_is_that_of_the_whole_hessian_of_the_weights()
    {
        OperatorContext context = Toy.Context(_workers);
        Batch batch = context.Task.Tuning.Take([0, 1, 2, 3, 4, 5]);
        Tensor weight = Small.Parameters[Names[0]];
        int size = weight.Count;
        Matrix<double> h = Matrix<double>.Build.Dense(size, size);
        for (int j = 0; j < size; j++)
        {
            float[] after = Gradient(j, 1e-2f),
                before = Gradient(j, -1e-2f);
            for (int i = 0; i < size; i++)
            {
                h[i, j] = (after[i] - before[i]) / 2e-2;
            }
        }

        double expected = ((h + h.Transpose()) / 2)
            .Evd(Symmetricity.Symmetric)
            .EigenValues.Select(e => e.Real)
            .MaxBy(Math.Abs);
        double found = Curvature.Of(
            new Trial(Small, context),
            Small.Parameters,
            Names,
            [batch],
            new Rng(2)
        );
        Assert.Equal(Math.Abs(expected), found, 0.03 * Math.Abs(expected));

        // Of two portions alike the mean, without spread.
        double twice = Curvature.Of(
            new Trial(Small, context),
            Small.Parameters,
            Names,
            [batch, batch],
            new Rng(2)
        );
        Assert.Equal(found, twice, 0.03 * found);

        float[] Gradient(int j, float by)
        {
            Tensor moved = weight.Clone();
            moved.Span[j] += by;
            Trial trial = new(Small, context);
            trial.Put(new Dictionary<string, Tensor> { [Names[0]] = moved });
            return trial.Gradient(batch, Names);
        }
    }

    [Fact]
    public void A_product_with_the_hessian_is_what_the_loss_bends_by()
    {
        OperatorContext context = Toy.Context(_workers);
        Batch batch = context.Task.Tuning.Take([0, 1, 2, 3, 4, 5]);
        Trial trial = new(Small, context);
        Tensor weight = Small.Parameters[Names[0]];
        float[] v = [.. Enumerable.Range(0, weight.Count).Select(i => new Rng(6).Normal((ulong)i))];
        double bent = v.Zip(
                Curvature.Product(trial, Small.Parameters, Names, weight.Span.ToArray(), batch, v)
            )
            .Sum(p => (double)p.First * p.Second);
        const float step = 0.06f;
        double expected = (Loss(step) - 2 * Loss(0) + Loss(-step)) / (step * step);
        Assert.Equal(expected, bent, 0.05 * Math.Abs(expected) + 2e-4);

        double Loss(float by)
        {
            Tensor moved = weight.Clone();
            for (int i = 0; i < v.Length; i++)
            {
                moved.Span[i] += by * v[i];
            }

            trial.Put(new Dictionary<string, Tensor> { [Names[0]] = moved });
            return trial.Loss([batch]);
        }
    }

    [Fact]
    public void What_was_put_into_a_model_is_gone_with_the_next()
    {
        OperatorContext context = Toy.Context(_workers);
        Batch[] batches = [context.Task.Tuning.Take([0, 1, 2])];
        Trial trial = new(Toy.Model, context);
        double plain = trial.Loss(batches);
        string first = Part.Layer(0, Role.Up).Weight,
            second = Part.Layer(1, Role.Value).Weight;
        Dictionary<string, Tensor> Zeros(string name) =>
            new() { [name] = new Tensor(Toy.Model.Parameters[name].Shape) };
        trial.Put(Zeros(first));
        double without = trial.Loss(batches);
        trial.Put(Zeros(second));
        double other = trial.Loss(batches);
        Assert.Equal(3, new[] { plain, without, other }.Distinct().Count());
        trial.Put(Zeros(first));
        Assert.Equal(without, trial.Loss(batches));
        trial.Put(new Dictionary<string, Tensor>());
        Assert.Equal(plain, trial.Loss(batches));

        // As a model that is made so.
        Model made = Toy.Model with
        {
            Parameters = Toy.Model.Parameters.With(n =>
                n == second ? (Espalier.Stored.Weight)Zeros(second)[n] : null
            ),
        };
        Assert.Equal(other, new Trial(made, context).Loss(batches));
    }
}
