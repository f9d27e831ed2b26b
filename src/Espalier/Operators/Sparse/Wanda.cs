using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Operators.Sparse;

/// <summary>
/// P(wanda): of each output the weights with the smallest |w_ij| · ‖x_j‖₂ become 0 (Sun et al. 2024, arXiv 2306.11695, equation 1), where
/// x_j is what comes to column j in some examples, which go through layers that have their zeros already.
/// </summary>
public sealed record Wanda()
    : Unstructured(
        "wanda",
        "zero weights that are small times their inputs, no faster here",
        KnownOfInputs
    )
{
    internal override void Zero(Tensor[] weights, Moments? moments, double share, Workers workers)
    {
        double[] norms =
        [
            .. Enumerable
                .Range(0, moments!.Width)
                .Select(j => Math.Sqrt(moments.Products.Row(j)[j])),
        ];
        foreach (Tensor weight in weights)
        {
            ZeroLowest(weight, norms, share, weight.Columns, workers);
        }
    }
}
