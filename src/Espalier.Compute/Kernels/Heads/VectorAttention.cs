using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// Attention a head of a sequence at a time. A head's rows are small enough for the near caches, so its products
/// run there, between copies of its columns, and the probabilities never go further than they are asked for.
/// </summary>
sealed unsafe class VectorAttention<T> : Attention
    where T : struct, ILanes<T>
{
    public override void Forward(
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
    )
    {
        AttentionShape shape = AttentionShape.Of(sequences, heads, width);
        shape.Check(q, nameof(q));
        shape.Check(k, nameof(k));
        shape.Check(v, nameof(v));
        shape.Check(new Columns(y), nameof(y));
        if (probabilities is not null)
        {
            shape.CheckProbabilities(probabilities);
        }

        AttentionForwardBlocks<T> job = new(
            shape,
            q,
            k,
            v,
            y,
            probabilities is null ? null : probabilities.Address(),
            new AttentionMask(dropout, sequences.Rows)
        );
        workers.Run(shape.Jobs, job);
        Keep(q, k, v, new Columns(y));
        GC.KeepAlive(probabilities);
    }

    public override void Backward(
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
    )
    {
        AttentionShape shape = AttentionShape.Of(sequences, heads, width);
        shape.Check(q, nameof(q));
        shape.Check(k, nameof(k));
        shape.Check(v, nameof(v));
        shape.Check(new Columns(dy), nameof(dy));
        shape.Check(dq, nameof(dq));
        shape.Check(dk, nameof(dk));
        shape.Check(dv, nameof(dv));
        shape.CheckProbabilities(probabilities);
        AttentionBackwardBlocks<T> job = new(
            shape,
            q,
            k,
            v,
            probabilities.Address(),
            dy,
            dq,
            dk,
            dv,
            new AttentionMask(dropout, sequences.Rows)
        );
        workers.Run(shape.Jobs, job);
        Keep(q, k, v, new Columns(dy));
        Keep(dq, dk, dv, new Columns(probabilities));
    }

    static void Keep(params ReadOnlySpan<Columns> columns)
    {
        foreach (Columns one in columns)
        {
            GC.KeepAlive(one.Tensor);
        }
    }
}
