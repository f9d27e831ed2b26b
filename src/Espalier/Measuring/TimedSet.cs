namespace Espalier.Measuring;

/// <summary>
/// On which examples a time was taken, beside what is true of the whole split. Times are weighted so that tokens and
/// layers agree; the plain means say how much there was to weight.
/// </summary>
/// <param name="Examples">Timed, each in every pass.</param>
/// <param name="SplitExamples">Of the split that the time is of.</param>
/// <param name="Alike">Padded and through the same layers every example costs the same, so that few are timed.</param>
/// <param name="Blocks">Parts of the sample with like lengths; each runs for all models in turn.</param>
/// <param name="Passes">How often each example was timed; the median counts.</param>
/// <param name="Tokens">Weighted mean, without padding.</param>
/// <param name="Layers">Weighted mean of the layers passed at this effort.</param>
/// <param name="PlainTokens">Mean over the timed examples, each counted once.</param>
/// <param name="HeaviestWeight">Largest weight of an example; 1 where all count the same.</param>
/// <param name="Covers">What the interval of the time covers, in words.</param>
public sealed record TimedSet(
    int Examples,
    int SplitExamples,
    bool Alike,
    int Blocks,
    int Passes,
    double Tokens,
    double SplitTokens,
    double Layers,
    double SplitLayers,
    double PlainTokens,
    double PlainLayers,
    double HeaviestWeight,
    string Covers
)
{
    /// <summary>Share by which tokens or layers of the timed set may differ from the split's.</summary>
    public const double Tolerance = 0.02;

    /// <summary>What is wrong with the set in a sentence; null: it stands for its split.</summary>
    public string? Problem()
    {
        bool enough = Alike || Examples >= Math.Min(SplitExamples, TimedSample.LeastExamples);
        if (!enough)
        {
            return $"{Examples} of {SplitExamples} examples were timed; {TimedSample.LeastExamples} or all were expected";
        }

        return Far(Tokens, SplitTokens)
                ? $"the timed examples have {Tokens:0.00} tokens on average and the split {SplitTokens:0.00}, more than {Tolerance:P0} apart"
            : Far(Layers, SplitLayers)
                ? $"the timed examples pass {Layers:0.000} layers on average and the split {SplitLayers:0.000}, more than {Tolerance:P0} apart"
            : null;
    }

    static bool Far(double timed, double split) =>
        !(Math.Abs(timed - split) <= Tolerance * Math.Abs(split));
}
