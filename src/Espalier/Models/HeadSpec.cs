using Espalier.Kernels;

namespace Espalier.Models;

/// <summary>What stands behind the last layer.</summary>
public abstract record HeadSpec;

/// <summary>A classifier: pool, linear, activation, perhaps a norm, linear.</summary>
public sealed record ClassifierSpec(Activation Activation = Activation.Tanh) : HeadSpec
{
    public bool DenseBias { get; init; } = true;
    public NormSpec? Norm { get; init; }

    /// <summary>In front of the last linear.</summary>
    public float Dropout { get; init; }

    /// <summary>RoBERTa drops in front of the first linear as well.</summary>
    public bool DropsFirst { get; init; }
}

/// <summary>A score for every entry of the vocabulary behind each token: which comes next.</summary>
/// <param name="Tied">The table of words is the matrix; otherwise there is one of its own.</param>
public sealed record LanguageSpec(bool Tied) : HeadSpec;
