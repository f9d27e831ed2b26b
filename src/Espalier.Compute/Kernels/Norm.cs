using Espalier.Tensors;

namespace Espalier.Kernels;

public enum NormKind
{
    /// <summary>(s − mean) / √(variance + ε) (Ba et al. 2016).</summary>
    Layer,

    /// <summary>s / √(mean of s² + ε) (Zhang and Sennrich 2019): a layer norm that takes the mean for 0.</summary>
    RootMeanSquare,
}

/// <summary>What a norm does to each row, times its weight, plus its bias where it has one.</summary>
public readonly record struct Norm(
    Tensor Weight,
    Tensor? Bias,
    float Epsilon,
    NormKind Kind = NormKind.Layer
);
