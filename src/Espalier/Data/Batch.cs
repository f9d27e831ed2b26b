namespace Espalier.Data;

/// <summary>Examples as token ids, one behind the other, without padding.</summary>
public sealed class Batch
{
    /// <summary>Token ids of all sequences.</summary>
    public required int[] Ids { get; init; }

    /// <summary>Segment (0 or 1) of each token.</summary>
    public required int[] TypeIds { get; init; }

    /// <summary>First token of each sequence, and behind the last one the number of tokens.</summary>
    public required int[] Starts { get; init; }

    /// <summary>Class of each sequence; −1 where there is none.</summary>
    public int[] Labels { get; init; } = [];

    /// <summary>Number to predict for each sequence, for regression.</summary>
    public float[] Scores { get; init; } = [];

    /// <summary>Where each sequence stands in its split.</summary>
    public int[] Examples { get; init; } = [];

    public int Count => Starts.Length - 1;

    public int Tokens => Starts[^1];

    /// <summary>Of each token the one that follows it in its sequence; −1 behind a last one.</summary>
    public int[] NextTokens()
    {
        int[] next = new int[Tokens];
        for (int s = 0; s < Count; s++)
        {
            for (int t = Starts[s]; t < Starts[s + 1]; t++)
            {
                next[t] = t + 1 < Starts[s + 1] ? Ids[t + 1] : -1;
            }
        }

        return next;
    }
}
