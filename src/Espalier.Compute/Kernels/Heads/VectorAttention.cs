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
        in AttentionCall call,
        Tensor y,
        Tensor? probabilities = null,
        Tensor? keySums = null
    )
    {
        AttentionShape shape = Shape(call, keySums is not null);
        shape.CheckQueries(new Columns(y), nameof(y));
        if (probabilities is not null)
        {
            shape.CheckProbabilities(probabilities);
        }

        AttentionForwardBlocks<T> job = new(
            shape,
            call.Queries,
            call.Keys,
            call.Values,
            y,
            probabilities is null ? null : probabilities.Address(),
            new AttentionMask(call.Dropout, shape.QueryRows)
        );
        Run(workers, shape, job);
        if (keySums is not null)
        {
            shape.AddHeads<T>(keySums);
        }

        Keep(call.Queries, call.Keys, call.Values, new Columns(y));
        GC.KeepAlive(probabilities);
    }

    public override void Continue(Workers workers, in PastCall call, Tensor y)
    {
        call.Check(y);
        PastBlocks<T> job = new(call, y);
        workers.Run(job.Jobs, job);
        Keep(call.Queries, call.Keys, call.Values, new Columns(y));
    }

    public override void Backward(
        Workers workers,
        in AttentionCall call,
        Tensor probabilities,
        Tensor dy,
        Columns dq,
        Columns dk,
        Columns dv
    )
    {
        AttentionShape shape = Shape(call);
        shape.CheckQueries(new Columns(dy), nameof(dy));
        shape.CheckQueries(dq, nameof(dq));
        shape.CheckKeys(dk, nameof(dk));
        shape.CheckKeys(dv, nameof(dv));
        shape.CheckProbabilities(probabilities);
        AttentionBackwardBlocks<T> job = new(
            shape,
            call.Queries,
            call.Keys,
            call.Values,
            probabilities.Address(),
            dy,
            dq,
            dk,
            dv,
            new AttentionMask(call.Dropout, shape.QueryRows)
        );
        Run(workers, shape, job);
        Keep(call.Queries, call.Keys, call.Values, new Columns(dy));
        Keep(dq, dk, dv, new Columns(probabilities));
    }

    public override void Scores(Workers workers, in AttentionCall call, Tensor scores)
    {
        AttentionShape shape = Shape(call, values: false);
        shape.CheckProbabilities(scores, nameof(scores));
        AttentionScoreBlocks<T> job = new(shape, call.Queries, call.Keys, scores.Address());
        Run(workers, shape, job);
        Keep(call.Queries, call.Keys, new Columns(scores));
    }

    public override void ScoresBackward(
        Workers workers,
        in AttentionCall call,
        Tensor dScores,
        Columns dq,
        Columns dk
    )
    {
        AttentionShape shape = Shape(call, values: false);
        shape.CheckProbabilities(dScores, nameof(dScores));
        shape.CheckQueries(dq, nameof(dq));
        shape.CheckKeys(dk, nameof(dk));
        AttentionScoreBackwardBlocks<T> job = new(
            shape,
            call.Queries,
            call.Keys,
            dScores.Address(),
            dq,
            dk
        );
        Run(workers, shape, job);
        Keep(call.Queries, call.Keys, new Columns(dScores));
        Keep(dq, dk);
    }

    static AttentionShape Shape(in AttentionCall call, bool keySums = false, bool values = true)
    {
        AttentionShape shape = AttentionShape.Of(call, keySums);
        shape.CheckQueries(call.Queries, "q");
        shape.CheckKeys(call.Keys, "k");
        shape.CheckKeys(values ? call.Values : call.Keys, "v");
        return shape;
    }

    static void Run<THead>(Workers workers, in AttentionShape shape, in THead head)
        where THead : struct, IHead => workers.Run(shape.Jobs, new HeadBlocks<THead>(shape, head));

    static void Keep(params ReadOnlySpan<Columns> columns)
    {
        foreach (Columns one in columns)
        {
            GC.KeepAlive(one.Tensor);
        }
    }
}
