using System.Numerics.Tensors;

namespace Espalier.Operators;

/// <summary>
/// U, upper triangular, with Uᵀ U = H⁻¹ and H = 2/n Σ x xᵀ of a linear's inputs: what GPTQ and SparseGPT make up for a column by
/// (Frantar et al. 2023, step 3).
/// </summary>
sealed class InverseHessian
{
    readonly double[] _upper;
    readonly bool[] _dead;
    readonly double[] _costs;

    InverseHessian(double[] upper, bool[] dead, int[] order, bool permutes)
    {
        (_upper, _dead, Order, Permutes) = (upper, dead, order, permutes);
        _costs = new double[order.Length];
        for (int j = 0; j < order.Length; j++)
        {
            double pivot = Row(j)[0];
            _costs[order[j]] = dead[order[j]] ? 0 : 1 / (pivot * pivot);
        }
    }

    /// <summary>The columns in the order in which they are rounded.</summary>
    public int[] Order { get; }

    public bool Permutes { get; }

    /// <summary>A column whose inputs are all 0.</summary>
    public bool IsDead(int column) => _dead[column];

    /// <summary>Of each column 1 / U_jj²: what a change of it costs once those behind it have made up for it.</summary>
    public ReadOnlySpan<double> Costs => _costs;

    /// <summary>Of U, from the diagonal on.</summary>
    public ReadOnlySpan<double> Row(int row)
    {
        int width = Order.Length;
        return _upper.AsSpan(row * width + row, width - row);
    }

    /// <summary>
    /// H = R Rᵀ with R upper triangular is a Cholesky factorisation from the last column on, and U is the inverse of R.
    /// </summary>
    public static InverseHessian Of(Moments moments, double damp, ColumnOrder columns)
    {
        int width = moments.Width;
        int[] order = [.. Enumerable.Range(0, width)];
        float Diagonal(int i) => moments.Products.Row(i)[i];
        bool permutes = columns == ColumnOrder.Activation;
        if (permutes)
        {
            order = [.. order.OrderByDescending(Diagonal)];
        }

        bool[] dead = [.. Enumerable.Range(0, width).Select(i => Diagonal(i) == 0)];
        double scale = 2.0 / Math.Max(1, moments.Rows),
            mean = Enumerable.Range(0, width).Average(i => dead[i] ? 1 : scale * Diagonal(i));
        double[] r = new double[width * width];
        for (int i = 0; i < width; i++)
        {
            ReadOnlySpan<float> from = moments.Products.Row(order[i]);
            for (int j = i; j < width; j++)
            {
                r[i * width + j] = scale * from[order[j]];
            }

            r[i * width + i] = (dead[order[i]] ? 1 : r[i * width + i]) + damp * mean;
        }

        Factor(r, width);
        return new InverseHessian(Invert(r, width), dead, order, permutes);
    }

    /// <summary>In place, above the diagonal.</summary>
    static void Factor(double[] r, int width)
    {
        for (int j = width - 1; j >= 0; j--)
        {
            ReadOnlySpan<double> below = r.AsSpan(j * width + j + 1, width - j - 1);
            double pivot = r[j * width + j] - TensorPrimitives.Dot(below, below);
            pivot = Math.Sqrt(Math.Max(pivot, double.Epsilon));
            r[j * width + j] = pivot;
            for (int i = 0; i < j; i++)
            {
                ReadOnlySpan<double> row = r.AsSpan(i * width + j + 1, below.Length);
                r[i * width + j] = (r[i * width + j] - TensorPrimitives.Dot(row, below)) / pivot;
            }
        }
    }

    static double[] Invert(double[] r, int width)
    {
        double[] u = new double[width * width];
        for (int i = width - 1; i >= 0; i--)
        {
            Span<double> to = u.AsSpan(i * width, width);
            for (int k = i + 1; k < width; k++)
            {
                TensorPrimitives.MultiplyAdd(
                    u.AsSpan(k * width + k, width - k),
                    -r[i * width + k],
                    to[k..],
                    to[k..]
                );
            }

            double pivot = r[i * width + i];
            TensorPrimitives.Divide(to[(i + 1)..], pivot, to[(i + 1)..]);
            to[i] = 1 / pivot;
        }

        return u;
    }
}
