using Espalier.Kernels;

namespace Espalier.Models;

/// <summary>Rotary position embedding (Su et al. 2021): pairs of a head's columns are turned by position · base^(−2i/width).</summary>
public sealed record Rotary(float Base)
{
    /// <summary>Null: angles are those of the paper.</summary>
    public RotaryScaling? Scaling { get; init; }

    /// <summary>Angle from one position to the next of each pair, rounded as transformers does it.</summary>
    public float[] Frequencies(int width)
    {
        float[] plain = RotaryTable.Frequencies(width, Base);
        return Scaling is { } scaling
            ? [.. plain.Select((f, i) => scaling.Of(f, i, width, Base))]
            : plain;
    }
}

/// <summary>How a model's angles were stretched after it had been trained with a shorter context.</summary>
public enum RotaryStretch
{
    /// <summary>All by the factor (Chen et al. 2023, position interpolation).</summary>
    Linear,

    /// <summary>Behind the context that the model was trained with alone; within it, and no further does Espalier go, nothing.</summary>
    Dynamic,

    /// <summary>Low frequencies by the factor, high ones not, between them mixed, by wavelength (Llama 3.1).</summary>
    Llama3,

    /// <summary>The same by the number of turns within the trained context, and larger scores (Peng et al. 2023, YaRN).</summary>
    Yarn,
}

/// <param name="Trained">Tokens of the context that the model was first trained with.</param>
public sealed record RotaryScaling(RotaryStretch Stretch, double Factor, int Trained)
{
    /// <summary>Llama 3: a wavelength above trained / this is stretched whole.</summary>
    public double LowFactor { get; init; } = 1;

    /// <summary>Llama 3: a wavelength below trained / this is not stretched.</summary>
    public double HighFactor { get; init; } = 4;

    /// <summary>YaRN: pairs that turn more often than this within the trained context are not stretched.</summary>
    public double FastTurns { get; init; } = 32;

    /// <summary>YaRN: pairs that turn less often than this are stretched whole.</summary>
    public double SlowTurns { get; init; } = 1;

    /// <summary>YaRN: whether the borders are rounded to whole pairs.</summary>
    public bool WholePairs { get; init; } = true;

    /// <summary>What cosines and sines are multiplied by.</summary>
    public float Magnitude { get; init; } = 1;

    /// <summary>The frequency of pair <paramref name="pair"/>, of which <paramref name="plain"/> is what the paper gives it.</summary>
    public float Of(float plain, int pair, int width, float theta)
    {
        switch (Stretch)
        {
            case RotaryStretch.Linear:
                return plain / (float)Factor;
            case RotaryStretch.Llama3:
                double wave = 2 * Math.PI / plain;
                if (wave < Trained / HighFactor)
                {
                    return plain;
                }

                if (wave > Trained / LowFactor)
                {
                    return plain / (float)Factor;
                }

                double smooth = (Trained / wave - LowFactor) / (HighFactor - LowFactor);
                return (float)((1 - smooth) * plain / Factor + smooth * plain);
            case RotaryStretch.Yarn:
                double low = Border(FastTurns, width, theta),
                    high = Border(SlowTurns, width, theta);
                low = Math.Max(WholePairs ? Math.Floor(low) : low, 0);
                high = Math.Min(WholePairs ? Math.Ceiling(high) : high, width - 1);
                high += low == high ? 0.001 : 0;
                double stretched = Math.Clamp((pair - low) / (high - low), 0, 1);
                return (float)(plain / Factor * stretched + plain * (1 - stretched));
            default:
                return plain;
        }
    }

    /// <summary>The pair that turns so often within the trained context.</summary>
    double Border(double turns, int width, float theta) =>
        width * Math.Log(Trained / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
}
