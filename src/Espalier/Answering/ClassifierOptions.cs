using Espalier.Kernels;

namespace Espalier.Answering;

/// <summary>How a <see cref="Classifier"/> reads and computes; what is left out is the best for this machine.</summary>
public sealed record ClassifierOptions
{
    /// <summary>Where nothing is asked for, texts are cut to so many tokens, or to what the model can read if that is less.</summary>
    public const int DefaultLength = 128;

    /// <summary>Tokens that texts are cut to, special ones included; null: <see cref="DefaultLength"/>.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Processor threads of each answer; answers do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Null: the best that this machine has, or what ESPALIER_KERNELS forces.</summary>
    public KernelFamily? Kernels { get; init; }
}
