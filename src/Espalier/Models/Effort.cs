using System.Globalization;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>What makes an example leave at an exit.</summary>
public enum ExitRule
{
    /// <summary>Never before the last layer.</summary>
    Never,

    /// <summary>Highest probability ≥ threshold.</summary>
    Confidence,

    /// <summary>Entropy in nats &lt; threshold (DeeBERT, Xin et al. 2020).</summary>
    Entropy,

    /// <summary>Entropy / ln(classes) ≤ threshold (FastBERT, Liu et al. 2020).</summary>
    Normalized,

    /// <summary>
    /// The prediction equals the previous layer's that many times in a row; for regression: changes by less than 0.5 % of
    /// a unit (PABEE, Zhou et al. 2020).
    /// </summary>
    Patience,

    /// <summary>At this exit, counted from 1, whatever it says: what a layer costs, and what a shorter model would answer.</summary>
    Exit,
}

/// <summary>The knob at run time: how sure an exit must be. Written <c>confidence:0.9</c>; <c>full</c> never leaves early.</summary>
public sealed record Effort(ExitRule Rule, double Threshold)
{
    /// <summary>Change of a predicted number below which patience counts.</summary>
    public const double Tolerance = 0.005;

    public static Effort Full { get; } = new(ExitRule.Never, 0);

    /// <summary>All examples leave at the first exit: the least that a model with exits can take.</summary>
    public static Effort First { get; } = new(ExitRule.Exit, 1);

    public override string ToString() =>
        Rule == ExitRule.Never
            ? "full"
            : $"{Rule.ToString().ToLowerInvariant()}:{Threshold.ToString("R", CultureInfo.InvariantCulture)}";

    /// <exception cref="ArgumentException">The text names no rule, or the threshold is outside the rule's range.</exception>
    public static Effort Parse(string text)
    {
        if (text == "full")
        {
            return Full;
        }

        string[] parts = text.Split(':');
        ExitRule rule = default;
        double threshold = 0;
        bool known =
            parts.Length == 2
            && Enum.TryParse(parts[0], ignoreCase: true, out rule)
            && parts[0].All(char.IsAsciiLetter)
            && rule != ExitRule.Never
            && Numeral.TryReal(parts[1], out threshold)
            && threshold >= 0
            && (
                rule is not (ExitRule.Patience or ExitRule.Exit)
                || threshold >= 1 && threshold == Math.Floor(threshold)
            )
            && (rule is ExitRule.Patience or ExitRule.Exit or ExitRule.Entropy || threshold <= 1);
        return known
            ? new Effort(rule, threshold)
            : throw new ArgumentException(
                $"'{text}' is no effort; write full, confidence:0.9 (0 to 1), entropy:0.3 (nats), "
                    + "normalized:0.5 (0 to 1), patience:2 (whole layers) or exit:1 (counted from 1)."
            );
    }

    /// <summary>Whether an example leaves, given the logits of all its exits so far.</summary>
    /// <param name="logits">[exits, outputs], row-major; the last row is the newest exit.</param>
    /// <param name="streak">How often in a row the prediction stayed; kept by the caller, 0 at the first exit.</param>
    /// <returns>Whether the example leaves at the newest exit, by this rule alone.</returns>
    public bool Leaves(ReadOnlySpan<float> logits, int outputs, bool regression, ref int streak)
    {
        ReadOnlySpan<float> newest = logits[^outputs..];
        switch (Rule)
        {
            case ExitRule.Confidence:
                return !regression
                    && Math.Exp(-LogSumExp(newest, newest[Largest(newest)])) >= Threshold;
            case ExitRule.Entropy:
                return !regression && Nats(newest) < Threshold;
            case ExitRule.Normalized:
                return !regression && Nats(newest) / Math.Log(outputs) <= Threshold;
            case ExitRule.Patience when logits.Length > outputs:
                ReadOnlySpan<float> before = logits.Slice(logits.Length - 2 * outputs, outputs);
                bool same = regression
                    ? Math.Abs(newest[0] - before[0]) < Tolerance
                    : Largest(newest) == Largest(before);
                streak = same ? streak + 1 : 0;
                return streak >= Threshold;
            case ExitRule.Exit:
                return logits.Length / outputs >= Threshold;
            default:
                return false;
        }
    }

    /// <summary>The highest probability of a token by scores of the whole vocabulary, to the bit as <see cref="ExitRule.Confidence"/> asks for it.</summary>
    public static double Confidence(ReadOnlySpan<float> scores) => Certainty.Of(scores).Share;

    /// <summary>Whether a token leaves, by what the newest exit says of the one behind it.</summary>
    /// <param name="scores">Of the whole vocabulary.</param>
    /// <param name="said">What the exit before found likeliest; kept by the caller, −1 at the first exit.</param>
    /// <param name="streak">As of an example.</param>
    internal bool LeavesToken(ReadOnlySpan<float> scores, ref int said, ref int streak)
    {
        if (Rule == ExitRule.Patience)
        {
            int likeliest = Largest(scores);
            streak = likeliest == said ? streak + 1 : 0;
            said = likeliest;
            return streak >= Threshold;
        }

        var (share, nats) = Certainty.Of(scores);
        return Rule switch
        {
            ExitRule.Confidence => share >= Threshold,
            ExitRule.Entropy => nats < Threshold,
            ExitRule.Normalized => nats / Math.Log(scores.Length) <= Threshold,
            _ => false,
        };
    }

    public static int Largest(ReadOnlySpan<float> logits)
    {
        // The number is held beside its place: to read it there anew for each word takes longer than a layer.
        float most = logits[0];
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > most)
            {
                (most, best) = (logits[i], i);
            }
        }

        return best;
    }

    /// <summary>−Σ p ln p of softmax(logits), stable: ln Σe^z − Σ z e^z / Σe^z with z shifted by its maximum.</summary>
    public static double Nats(ReadOnlySpan<float> logits)
    {
        double shift = logits[Largest(logits)],
            total = 0,
            weighted = 0;
        foreach (float z in logits)
        {
            double e = Math.Exp(z - shift);
            total += e;
            weighted += (z - shift) * e;
        }

        return Math.Log(total) - weighted / total;
    }

    static double LogSumExp(ReadOnlySpan<float> logits, double shift)
    {
        double total = 0;
        foreach (float z in logits)
        {
            total += Math.Exp(z - shift);
        }

        return Math.Log(total);
    }
}
