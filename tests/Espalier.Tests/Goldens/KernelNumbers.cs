using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Tests.Goldens;

/// <summary>Numbers of one case of <c>tools/goldens/kernels.py</c>, computed in float64.</summary>
sealed class KernelNumbers(string name)
{
    public Tensor this[string tensor]
    {
        get
        {
            using SafetensorsFile file = SafetensorsFile.Open(
                Golden.Own("kernels", "kernels.safetensors")
            );
            return file.Read($"{name}.{tensor}");
        }
    }

    /// <summary>What was computed, against the case's tensor of that name.</summary>
    public void Compare(string tensor, Tensor actual, string family, double tolerance = 3e-6) =>
        Close.To(actual, this[tensor], tolerance, tolerance, $"{name}.{tensor} in {family}");
}
