namespace Espalier.Kernels;

/// <summary>Element-wise functions of a transformer, with the names of Hugging Face's <c>hidden_act</c>.</summary>
public enum Activation
{
    None,

    /// <summary>x Φ(x) with the error function.</summary>
    Gelu,

    /// <summary>The tanh form of GELU (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,
    Relu,
    Silu,
    Tanh,
}
