namespace Espalier.Data.Metrics;

/// <summary>What a language model made of some tokens that stand in a text.</summary>
/// <param name="LogLoss">Sum of their −ln p, each given all in front of it.</param>
/// <param name="Right">Of how many of them it had said exactly that one.</param>
public readonly record struct TokenCounts(double LogLoss, double Right, double Scored)
{
    public static TokenCounts operator +(TokenCounts a, TokenCounts b) =>
        new(a.LogLoss + b.LogLoss, a.Right + b.Right, a.Scored + b.Scored);

    public static TokenCounts operator -(TokenCounts a, TokenCounts b) =>
        new(a.LogLoss - b.LogLoss, a.Right - b.Right, a.Scored - b.Scored);

    public static TokenCounts Sum(IEnumerable<TokenCounts> all) =>
        all.Aggregate(default(TokenCounts), (sum, one) => sum + one);
}
