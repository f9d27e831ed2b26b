using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>
/// The order of rows within each head of queries and keys. Here and in Hugging Face's files the columns that turn together stand half
/// a head apart; llama.cpp's Llama has them side by side.
/// </summary>
static class HeadRows
{
    /// <summary>For each row with halves, that of a file with pairs.</summary>
    public static int[] Halves(int rows, int width) =>
        [.. Enumerable.Range(0, rows).Select(r => r / width * width + Pair(r % width, width))];

    /// <summary>For each row with pairs, that with halves.</summary>
    public static int[] Pairs(int rows, int width)
    {
        int[] order = new int[rows];
        foreach (var (row, other) in Halves(rows, width).Index())
        {
            order[other] = row;
        }

        return order;
    }

    static int Pair(int column, int width) =>
        column < width / 2 ? 2 * column : 2 * (column - width / 2) + 1;

    /// <summary>The bytes of rows in another order.</summary>
    /// <param name="order">For each row, that of <paramref name="read"/>.</param>
    public static Blocks.Source Ordered(Blocks.Source read, int[] order, long rowBytes) =>
        (from, bytes) =>
        {
            while (!bytes.IsEmpty)
            {
                var (row, at) = Math.DivRem(from, rowBytes);
                Span<byte> part = bytes[..(int)Math.Min(bytes.Length, rowBytes - at)];
                read(order[row] * rowBytes + at, part);
                from += part.Length;
                bytes = bytes[part.Length..];
            }
        };

    public static Tensor Ordered(Tensor dense, int[] order)
    {
        Tensor ordered = new(dense.Shape);
        int width = dense.Count / order.Length;
        for (int r = 0; r < order.Length; r++)
        {
            dense.Span.Slice(order[r] * width, width).CopyTo(ordered.Span[(r * width)..]);
        }

        return ordered;
    }
}
