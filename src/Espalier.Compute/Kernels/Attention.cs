using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>Columns of a matrix from <paramref name="Offset"/> on: a part of a fused projection without a copy.</summary>
public readonly record struct Columns(Tensor Tensor, int Offset = 0)
{
    public int Stride => Tensor.Columns;
}

/// <summary>
/// Sequences laid one behind the other: sequence s holds rows <c>Starts[s] .. Starts[s + 1]</c>.
/// </summary>
/// <param name="Starts">Count + 1 entries (a longer array may be reused); the first is 0.</param>
/// <param name="Count">Number of sequences.</param>
/// <param name="Lengths">
/// Rows of each sequence that are real; the rest is padding, which no query attends to. Null: all of them.
/// </param>
public readonly record struct Sequences(int[] Starts, int Count, int[]? Lengths = null)
{
    public int Rows => Starts[Count];

    public int RowsOf(int sequence) => Starts[sequence + 1] - Starts[sequence];

    public int KeysOf(int sequence) => Lengths?[sequence] ?? RowsOf(sequence);

    /// <summary>Where the probabilities of a sequence start: all heads' [rows, rows] squares, one sequence after the other.</summary>
    public long ProbabilitiesStart(int sequence, int heads)
    {
        long start = 0;
        for (int s = 0; s < sequence; s++)
        {
            start += (long)heads * RowsOf(s) * RowsOf(s);
        }

        return start;
    }
}

/// <param name="Probability">Share of attention probabilities that are dropped; 0: none.</param>
/// <param name="Rng">Stream of the mask: row = head · total rows + query row, column = key within its sequence.</param>
public readonly record struct AttentionDropout(float Probability, Rng Rng);

/// <summary>
/// softmax(q kᵀ / √width) v for each sequence and head (Vaswani et al. 2017, equation 1). Rows are [T, heads · width].
/// </summary>
public abstract class Attention
{
    /// <param name="y">[T, heads · width].</param>
    /// <param name="probabilities">
    /// Receives the probabilities before dropout, for the backward pass; laid out as
    /// <see cref="Sequences.ProbabilitiesStart"/> says, [head][query][key]. Null: not kept.
    /// </param>
    public abstract void Forward(
        Workers workers,
        Columns q,
        Columns k,
        Columns v,
        Sequences sequences,
        int heads,
        int width,
        Tensor y,
        Tensor? probabilities = null,
        AttentionDropout dropout = default
    );

    /// <summary>Writes (does not add) the gradients of q, k and v.</summary>
    public abstract void Backward(
        Workers workers,
        Columns q,
        Columns k,
        Columns v,
        Sequences sequences,
        int heads,
        int width,
        Tensor probabilities,
        Tensor dy,
        Columns dq,
        Columns dk,
        Columns dv,
        AttentionDropout dropout = default
    );
}
