using System.Numerics.Tensors;
using Espalier.Stored;

namespace Espalier.Operators;

/// <summary>
/// The grid of 4 bits on which a group loses least, Σ cost (w − round(w))². From several widths on, codes are given to the weights and
/// scale and zero fitted to the codes (weighted least squares), in turns. The zero is no whole number then.
/// </summary>
static class FittedGrid
{
    const int Widths = 8,
        Turns = 3;

    // Each width is so much of the weights' own less than the one before.
    const float Step = 0.05f;

    /// <param name="costs">Of each weight; a group whose costs are all 0 stays on the given grid.</param>
    /// <param name="ends">From the least weight to the largest.</param>
    /// <param name="narrow">As <see cref="Grid.Of(ReadOnlySpan{float}, int, bool)"/> has it.</param>
    public static Grid Of(
        ReadOnlySpan<float> weights,
        ReadOnlySpan<double> costs,
        Grid ends,
        bool narrow
    )
    {
        Grid best = ends;
        double least = Lost(weights, costs, ends);
        float low = TensorPrimitives.Min(weights),
            range = TensorPrimitives.Max(weights) - low;
        for (int width = 0; width < Widths && range > 0; width++)
        {
            float scale = range * (1 - Step * width) / ends.Most,
                middle = low + range / 2;
            Grid grid = new(scale, ends.Most / 2f - middle / scale, ends.Most);
            for (int turn = 0; turn < Turns && grid.Scale > 0; turn++)
            {
                Grid stored = narrow ? grid.Narrow() : grid;
                double lost = Lost(weights, costs, stored);
                if (lost < least)
                {
                    (best, least) = (stored, lost);
                }

                grid = Fit(weights, costs, grid);
            }
        }

        return best;
    }

    static double Lost(ReadOnlySpan<float> weights, ReadOnlySpan<double> costs, Grid grid)
    {
        double lost = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double off = grid.Value(grid.Code(weights[i])) - weights[i];
            lost += costs[i] * off * off;
        }

        return lost;
    }

    /// <summary>w ≈ scale · code + offset; a grid without width where the codes say nothing of it.</summary>
    static Grid Fit(ReadOnlySpan<float> weights, ReadOnlySpan<double> costs, Grid grid)
    {
        double all = 0,
            q = 0,
            w = 0,
            qq = 0,
            qw = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double code = grid.Code(weights[i]);
            all += costs[i];
            q += costs[i] * code;
            w += costs[i] * weights[i];
            qq += costs[i] * code * code;
            qw += costs[i] * code * weights[i];
        }

        double spread = all * qq - q * q;
        if (spread <= 1e-9 * all * all)
        {
            return default;
        }

        double scale = (all * qw - q * w) / spread,
            offset = (w - scale * q) / all;
        return scale > 0 ? new Grid((float)scale, (float)(-offset / scale), grid.Most) : default;
    }
}
