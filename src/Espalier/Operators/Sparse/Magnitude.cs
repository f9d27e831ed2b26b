using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators.Sparse;

/// <summary>P(magnitude): of each matrix the smallest weights become 0 (Han et al. 2015, arXiv 1506.02626, without training behind it).</summary>
public sealed record Magnitude()
    : Unstructured("magnitude", "zero the smallest weights, no faster here", Known)
{
    protected override Model Walk(
        Model model,
        OperatorContext context,
        Func<Model, int, IReadOnlyDictionary<Role, Moments>?, Model> change
    ) =>
        model
            .Config.Layers.Select((_, layer) => layer)
            .DistinctBy(model.Config.SetOf)
            .Aggregate(model, (now, layer) => change(now, layer, null));

    internal override void Zero(Tensor[] weights, Moments? moments, double share, Workers workers)
    {
        foreach (Tensor weight in weights)
        {
            ZeroLowest(weight, null, share, weight.Count, workers);
        }
    }
}
