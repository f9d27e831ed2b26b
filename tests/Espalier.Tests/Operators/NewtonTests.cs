using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Autograd;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;
using MathNet.Numerics.LinearAlgebra;

namespace Espalier.Tests.Operators;

/// <summary>Numerical pruning: scores against the equation that they solve, refitted weights against a direct solve.</summary>
public sealed class NewtonTests
{
    const int Width = 12;
    const int Outputs = 9;
    static readonly Tensor Inputs = OperationCases.Normal("newton inputs", 50, Width);
    static readonly Tensor Weight = OperationCases.Normal("newton weight", Outputs, Width);

    static Matrix<double> Of(Tensor t) =>
        Matrix<double>.Build.Dense(t.Rows, t.Columns, (r, c) => t.Row(r)[c]);

    static Tensor Products
    {
        get
        {
            Matrix<double> x = Of(Inputs),
                g = x.TransposeThisAndMultiply(x);
            Tensor products = new(Width, Width);
            for (int i = 0; i < products.Count; i++)
            {
                products.Span[i] = (float)g[i / Width, i % Width];
            }

            return products;
        }
    }

    static Matrix<double> Damped(Matrix<double> matrix) =>
        matrix
        + Newton.Damp
            * matrix.Trace()
            / matrix.RowCount
            * Matrix<double>.Build.DenseIdentity(matrix.RowCount);

    [Fact]
    public void Scores_solve_the_equation_under_its_constraint()
    {
        Vector<double> z = Vector<double>.Build.Dense(Newton.Scores(Weight, Products, 8));
        Matrix<double> w = Of(Weight),
            a = Damped(w.TransposeThisAndMultiply(w).PointwiseMultiply(Of(Products)));
        Assert.Equal(8, z.Sum(), 1e-6);

        // At the least value under Σ z = r the gradient A (z − 1) is the same in every direction.
        Vector<double> gradient = a * (z - 1);
        Assert.All(gradient, g => Assert.Equal(gradient[0], g, 1e-3 * Math.Abs(gradient[0])));
    }

    [Fact]
    public void Inputs_that_nothing_reads_or_that_are_never_there_score_least()
    {
        Tensor weight = Weight.Clone(),
            products = Products;
        for (int r = 0; r < Outputs; r++)
        {
            weight.Row(r)[3] = 0;
        }

        for (int i = 0; i < Width; i++)
        {
            products.Row(7)[i] = products.Row(i)[7] = 0;
        }

        double[] z = Newton.Scores(weight, products, 8);
        Assert.Equal([3, 7], Enumerable.Range(0, Width).OrderBy(i => z[i]).Take(2).Order());
    }

    [Fact]
    public void What_is_refitted_is_what_the_papers_formula_gives()
    {
        int[] kept = [0, 2, 3, 5, 6, 8, 9, 11],
            gone = [.. Enumerable.Range(0, Width).Except(kept)];
        Tensor fitted = Newton.Fitted(Weight, Products, kept);

        // δW = −H⁻¹ M (Mᵀ H⁻¹ M)⁻¹ Mᵀ W with H = 2 XᵀX + γ I; here with the γ that kept columns are damped by.
        Matrix<double> g = Of(Products),
            own = Matrix<double>.Build.Dense(
                kept.Length,
                kept.Length,
                (i, j) => g[kept[i], kept[j]]
            );
        double gamma = 2 * Newton.Damp * own.Trace() / kept.Length;
        Matrix<double> inverse = (
                2 * g + gamma * Matrix<double>.Build.DenseIdentity(Width)
            ).Inverse(),
            mask = Matrix<double>.Build.Dense(Width, gone.Length, (i, j) => i == gone[j] ? 1 : 0),
            w = Of(Weight).Transpose(),
            change =
                -inverse
                * mask
                * (mask.TransposeThisAndMultiply(inverse * mask)).Inverse()
                * mask.TransposeThisAndMultiply(w),
            expected = (w + change).Transpose();
        Close.To(
            fitted.Span,
            [
                .. Enumerable
                    .Range(0, fitted.Count)
                    .Select(i => (float)expected[i / Width, i % Width]),
            ],
            1e-4,
            1e-3,
            "weights"
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData(",scope=model")]
    public void Refitting_brings_a_model_closer_to_what_it_said(string more)
    {
        using Workers workers = new(1);
        Model model = ToyLlama.Model(layers: 3) with { Tokenizer = Toy.Tokenizer };
        Model Apply(string text) =>
            Pipeline.Parse(text).Operators[^1].Apply(model, Toy.Context(workers));
        double alone = Apart(Apply($"P(newton,heads=0.5,ffn=0.5,compensation=none{more})")),
            refitted = Apart(Apply($"P(newton,heads=0.5,ffn=0.5{more})"));
        Assert.True(refitted < 0.95 * alone, $"{alone} alone, {refitted} refitted");

        double Apart(Model other)
        {
            other.Check();
            EncodedTask task = new(Toy.Data, Toy.Tokenizer, 16);
            Batch all = task.Test.Take([.. Enumerable.Range(0, task.Test.Count)]);
            List<float> a = [],
                b = [];
            new LanguageSession(new PackedModel(model, workers, KernelFamily.Best), workers).Score(
                all,
                (_, rows) => a.AddRange(rows.Span)
            );
            new LanguageSession(new PackedModel(other, workers, KernelFamily.Best), workers).Score(
                all,
                (_, rows) => b.AddRange(rows.Span)
            );
            return a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2)) / a.Count;
        }
    }
}
