using Espalier.Kernels;
using Espalier.Operators;
using Espalier.Operators.Sparse;
using Espalier.Tensors;
using Espalier.Tests.Autograd;
using MathNet.Numerics.LinearAlgebra;

namespace Espalier.Tests.Operators.Sparse;

/// <summary>Which weights of one matrix become 0, and what the others become, against plain loops and direct solves.</summary>
public sealed class ZeroedMatrixTests : IDisposable
{
    // Two blocks of SparseGPT, the second not full.
    const int Width = 150;
    const int Rows = 6;
    const double Share = 0.37;
    static readonly Tensor Weight = OperationCases.Normal("sparse weight", Rows, Width);
    static readonly Tensor Inputs = Correlated();
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    Moments Moments => Moments.Of(Width).With(Inputs, _workers, KernelFamily.Best.Gemm);

    [Fact]
    public void Magnitude_zeroes_the_smallest_of_the_matrix_and_leaves_the_others()
    {
        Tensor zeroed = Zeroed(new Magnitude(), Share);
        HashSet<int> gone =
        [
            .. Enumerable
                .Range(0, Weight.Count)
                .OrderBy(i => Math.Abs(Weight.Span[i]))
                .Take((int)Math.Round(Share * Weight.Count)),
        ];
        Same(zeroed, (r, c) => gone.Contains(r * Width + c) ? 0 : Weight.Row(r)[c]);
    }

    [Fact]
    public void Wanda_zeroes_in_each_row_what_is_smallest_times_the_norm_of_its_inputs()
    {
        Tensor zeroed = Zeroed(new Wanda(), Share);
        double[] norms =
        [
            .. Enumerable
                .Range(0, Width)
                .Select(c =>
                    Math.Sqrt(
                        Enumerable.Range(0, Inputs.Rows).Sum(t => Math.Pow(Inputs.Row(t)[c], 2))
                    )
                ),
        ];
        HashSet<int>[] gone =
        [
            .. Enumerable
                .Range(0, Rows)
                .Select(r =>
                    Enumerable
                        .Range(0, Width)
                        .OrderBy(c => Math.Abs(Weight.Row(r)[c]) * norms[c])
                        .Take((int)Math.Round(Share * Width, MidpointRounding.AwayFromZero))
                        .ToHashSet()
                ),
        ];
        Same(zeroed, (r, c) => gone[r].Contains(c) ? 0 : Weight.Row(r)[c]);
    }

    [Fact]
    public void Sparsegpt_makes_up_for_each_zero_as_a_direct_solve_over_the_columns_behind_does()
    {
        // H, damped; for each zero δw = −w_j / [H_F⁻¹]_00 · H_F⁻¹ of the columns F from j on (algorithm 1, no Cholesky in it).
        Matrix<double> x = Matrix<double>.Build.Dense(
                Inputs.Rows,
                Width,
                (t, c) => Inputs.Row(t)[c]
            ),
            h = x.TransposeThisAndMultiply(x) * (2.0 / Inputs.Rows);
        h += 0.01 * h.Trace() / Width * Matrix<double>.Build.DenseIdentity(Width);
        Matrix<double>[] inverses =
        [
            .. Enumerable
                .Range(0, Width)
                .Select(j => h.SubMatrix(j, Width - j, j, Width - j).Inverse()),
        ];
        double[][] left =
        [
            .. Enumerable
                .Range(0, Rows)
                .Select(r => Weight.Row(r).ToArray().Select(w => (double)w).ToArray()),
        ];
        foreach (var (first, past) in ((int, int)[])[(0, 128), (128, Width)])
        {
            int before = (int)Math.Round(Share * Rows * first, MidpointRounding.AwayFromZero),
                all = (int)Math.Round(Share * Rows * past, MidpointRounding.AwayFromZero);
            HashSet<(int, int)> gone =
            [
                .. Enumerable
                    .Range(0, Rows)
                    .SelectMany(r => Enumerable.Range(first, past - first).Select(c => (r, c)))
                    .OrderBy(p => Math.Pow(left[p.r][p.c], 2) / inverses[p.c][0, 0])
                    .Take(all - before),
            ];
            for (int r = 0; r < Rows; r++)
            {
                for (int j = first; j < past; j++)
                {
                    if (!gone.Contains((r, j)))
                    {
                        continue;
                    }

                    double error = left[r][j] / inverses[j][0, 0];
                    for (int k = j; k < Width; k++)
                    {
                        left[r][k] -= error * inverses[j][k - j, 0];
                    }
                }
            }
        }

        Tensor zeroed = Zeroed(new SparseGpt(), Share);
        Same(zeroed, (r, c) => (float)left[r][c], 2e-3);
    }

    [Theory]
    [InlineData("P(magnitude)", 0.5)]
    [InlineData("P(wanda)", 0.37)]
    [InlineData("P(sparsegpt)", 0.37)]
    [InlineData("P(magnitude)", 0)]
    [InlineData("P(sparsegpt)", 0.99)]
    public void So_many_weights_are_0_as_were_asked_for(string text, double share)
    {
        Unstructured method = Parsed(text);
        Tensor zeroed = Zeroed(method, share);
        int own = method is Wanda ? Width : Weight.Count;
        Assert.Equal(
            Weight.Count / own * (int)Math.Round(share * own, MidpointRounding.AwayFromZero),
            zeroed.Span.Count(0f)
        );
    }

    [Theory]
    [InlineData("P(magnitude,pattern=2:4)", 4)]
    [InlineData("P(wanda,pattern=2:4)", 4)]
    [InlineData("P(sparsegpt,pattern=2:4)", 4)]
    [InlineData("P(wanda,pattern=4:8)", 8)]
    [InlineData("P(sparsegpt,pattern=4:8)", 8)]
    public void Of_neighbours_half_are_0(string text, int span)
    {
        Tensor zeroed = Zeroed(Parsed(text), 0.5);
        for (int r = 0; r < Rows; r++)
        {
            for (int first = 0; first < Width; first += span)
            {
                int length = Math.Min(span, Width - first);
                Assert.Equal(length / 2, zeroed.Row(r).Slice(first, length).Count(0f));
            }
        }
    }

    [Fact]
    public void What_makes_up_changes_the_outputs_less_and_what_knows_the_inputs_less_than_what_does_not()
    {
        double magnitude = Lost(new Magnitude()),
            wanda = Lost(new Wanda()),
            sparseGpt = Lost(new SparseGpt());
        Assert.True(
            sparseGpt < 0.9 * wanda && wanda < 0.9 * magnitude,
            $"magnitude {magnitude}, wanda {wanda}, sparsegpt {sparseGpt}"
        );

        double Lost(Unstructured method)
        {
            Tensor zeroed = Zeroed(method, 0.5);
            double sum = 0;
            for (int t = 0; t < Inputs.Rows; t++)
            {
                for (int r = 0; r < Rows; r++)
                {
                    double off = 0;
                    for (int c = 0; c < Width; c++)
                    {
                        off += (zeroed.Row(r)[c] - (double)Weight.Row(r)[c]) * Inputs.Row(t)[c];
                    }

                    sum += off * off;
                }
            }

            return sum;
        }
    }

    [Fact]
    public void Columns_that_nothing_comes_to_go_first()
    {
        Tensor inputs = Inputs.Clone();
        for (int t = 0; t < inputs.Rows; t++)
        {
            inputs.Row(t)[9] = inputs.Row(t)[140] = 0;
        }

        Moments moments = Moments.Of(Width).With(inputs, _workers, KernelFamily.Best.Gemm);
        foreach (Unstructured method in (Unstructured[])[new Wanda(), new SparseGpt()])
        {
            Tensor zeroed = Weight.Clone();
            method.Zero([zeroed], moments, 0.1, _workers);
            for (int r = 0; r < Rows; r++)
            {
                Assert.Equal((0, 0), (zeroed.Row(r)[9], zeroed.Row(r)[140]));
            }
        }
    }

    [Fact]
    public void Of_equal_scores_those_in_front_are_marked()
    {
        bool[] marks = new bool[6];
        Lowest.Mark([2, 1, 1, 3, 1, 0], 3, marks);
        Assert.Equal([false, true, true, false, false, true], marks);
    }

    static Unstructured Parsed(string text) => (Unstructured)Pipeline.Parse(text).Operators[^1];

    Tensor Zeroed(Unstructured method, double share)
    {
        Tensor zeroed = Weight.Clone();
        method.Zero([zeroed], Moments, share, _workers);
        return zeroed;
    }

    static void Same(Tensor zeroed, Func<int, int, float> expected, double within = 0)
    {
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Width; c++)
            {
                float one = expected(r, c);
                Assert.True(
                    Math.Abs(one - zeroed.Row(r)[c]) <= within,
                    $"row {r}, column {c}: {zeroed.Row(r)[c]}, expected {one}"
                );
            }
        }
    }

    /// <summary>Columns of different sizes, each like the one in front of it.</summary>
    static Tensor Correlated()
    {
        Tensor x = OperationCases.Normal("sparse inputs", 400, Width);
        for (int t = 0; t < x.Rows; t++)
        {
            for (int c = 1; c < Width; c++)
            {
                x.Row(t)[c] = 0.6f * x.Row(t)[c - 1] + x.Row(t)[c];
            }

            for (int c = 0; c < Width; c++)
            {
                x.Row(t)[c] *= 0.2f + c * 7 % 11;
            }
        }

        return x;
    }
}
