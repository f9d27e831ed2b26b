using System.Runtime.CompilerServices;
using Espalier.Kernels.Vectors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// One head of one sequence where nothing but the result is asked for. The scores stand on their side, [keys, queries]: a
/// register holds one key's scores of sixteen queries, so that the softmax over keys runs down the rows and never
/// across the lanes of a register, and the last product reads them as they lie.
/// </summary>
static unsafe class AttentionHead<T>
    where T : struct, ILanes<T>
{
    // Queries at once: whole pairs of registers and whole tiles of six rows.
    const int Tile = 96;

    /// <summary>Numbers of scratch that a head takes.</summary>
    public static int Room(int rows, int keys, int width)
    {
        int tile = AttentionShape.Padded<T>(Math.Min(Tile, rows)),
            paddedWidth = AttentionShape.Padded<T>(width);
        return keys * paddedWidth + tile * (width + keys + paddedWidth + 1);
    }

    /// <param name="keyCount">Rows of the sequence that are real.</param>
    /// <param name="keySums">Of each key; the probabilities of all real queries are added. Null: not wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        HeadColumns queries,
        HeadColumns keys,
        HeadColumns values,
        HeadColumns results,
        int rows,
        int keyCount,
        float* scratch,
        float* keySums = null
    )
    {
        int width = queries.Width,
            paddedWidth = AttentionShape.Padded<T>(width);
        float* valueRows = scratch;
        float* rest = valueRows + keyCount * paddedWidth;
        values.CopyTo<T>(valueRows, paddedWidth, 0, keyCount);
        for (int i = 0; i < rows; i += Tile)
        {
            int tile = Math.Min(Tile, rows - i),
                padded = AttentionShape.Padded<T>(tile);
            float* turned = rest;
            float* scores = turned + width * padded;
            float* shares = scores + keyCount * padded;

            // Where whole registers are whole columns, sums stand where the results shall.
            bool direct = paddedWidth == width;
            float* sums = direct ? results.Row(i) : shares + padded;
            int stride = direct ? results.Stride : paddedWidth;
            queries.From(i).TransposeTo<T>(turned, padded, tile);
            SmallProduct<T>.Multiply(
                new(keys.Row(0), keys.Stride),
                new(turned, padded),
                new(scores, padded),
                keyCount,
                padded,
                width
            );
            for (int j = 0; j < padded && keyCount > 0; j += T.Count)
            {
                Exponentials(scores + j, padded, keyCount, 1 / MathF.Sqrt(width)).Store(shares + j);
            }

            if (keySums != null)
            {
                AddSums(scores, padded, shares, Math.Min(tile, keyCount - i), keySums, keyCount);
            }

            SmallProduct<T>.Multiply(
                new(scores, 1, padded),
                new(valueRows, paddedWidth),
                new(sums, stride),
                tile,
                paddedWidth,
                keyCount
            );
            for (int r = 0; r < tile && keyCount > 0; r++)
            {
                T share = T.All(shares[r]);
                float* sum = sums + (nint)r * stride;
                for (int d = 0; d < paddedWidth; d += T.Count)
                {
                    (T.Load(sum + d) * share).Store(sum + d);
                }
            }

            if (!direct)
            {
                results.CopyFrom<T>(sums, paddedWidth, i, tile);
            }
        }
    }

    /// <summary>Adds each key's probabilities of the first queries of a tile: a row of exponentials times the queries' shares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddSums(
        float* scores,
        int stride,
        float* shares,
        int queries,
        float* keySums,
        int keys
    )
    {
        int whole = queries / T.Count * T.Count,
            rest = queries - whole;
        for (int j = 0; j < keys && queries > 0; j++, scores += stride)
        {
            T sum = T.All(0);
            for (int r = 0; r < whole; r += T.Count)
            {
                sum = T.MultiplyAdd(T.Load(scores + r), T.Load(shares + r), sum);
            }

            if (rest > 0)
            {
                T last = T.LoadPart(shares + whole, rest);
                sum = T.MultiplyAdd(T.LoadPart(scores + whole, rest), last, sum);
            }

            keySums[j] += sum.Sum();
        }
    }

    /// <summary>Replaces scores by e^(scale · (s − largest)); gives 1 / their sum. One register of queries, down all keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static T Exponentials(float* scores, nint stride, int keys, float scale)
    {
        T top = T.Load(scores),
            sum = T.All(0),
            factor = T.All(scale);
        float* past = scores + keys * stride;
        for (float* at = scores + stride; at < past; at += stride)
        {
            top = T.Larger(top, T.Load(at));
        }

        for (float* at = scores; at < past; at += stride)
        {
            T e = Lanes.Exp((T.Load(at) - top) * factor);
            e.Store(at);
            sum += e;
        }

        return T.All(1) / sum;
    }
}
