using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>One layer of a session.</summary>
abstract class SessionLayer
{
    public abstract long Bytes { get; }

    /// <summary>Replaces the flow's state.</summary>
    public abstract void Run(Flow flow);

    public static SessionLayer Of(Model model, int layer, Workers workers, KernelFamily kernels)
    {
        LayerShape shape = model.Config.Layers[layer];
        LayerWeights weights = new()
        {
            Heads = shape.Heads,
            HeadWidth = model.Config.HeadWidth,
            Activation = model.Config.Activation,
            NormEpsilon = model.Config.NormEpsilon,
            Query = Part("query"),
            Key = Part("key"),
            Value = Part("value"),
            Attention = Part("attention"),
            AttentionNorm = Part("attention_norm"),
            Up = Part("up"),
            Down = Part("down"),
            Norm = Part("norm"),
        };
        return model.Traits.Precision == Precision.Int8
            ? new ByteLayer(weights, kernels)
            : new FloatLayer(weights, workers, kernels);

        (Tensor, Tensor) Part(string part)
        {
            string name = Names.Layer(layer, part);
            return (model.Parameters[Names.Weight(name)], model.Parameters[Names.Bias(name)]);
        }
    }
}

/// <summary>A layer in int8, which its kernels run as one.</summary>
sealed class ByteLayer(LayerWeights weights, KernelFamily kernels) : SessionLayer
{
    readonly Int8Layer _layer = kernels.Int8.Pack(weights);
    readonly int _width = weights.Heads * weights.HeadWidth;

    public override long Bytes => _layer.Bytes;

    public override void Run(Flow flow) =>
        _layer.Run(
            flow.Workers,
            flow.Sequences,
            flow.State,
            flow.Bytes!,
            flow.Buffers.Matrix("context", flow.Rows, _width)
        );
}

/// <summary>A layer in fp32. Shape letters: T rows of all sequences, D hidden, A heads · width, F feed-forward.</summary>
sealed class FloatLayer(LayerWeights weights, Workers workers, KernelFamily kernels) : SessionLayer
{
    readonly Projection _queryKeyValue = new(
        workers,
        kernels,
        weights.Query,
        weights.Key,
        weights.Value
    );
    readonly Projection _attention = new(workers, kernels, weights.Attention);
    readonly Projection _up = new(workers, kernels, weights.Up);
    readonly Projection _down = new(workers, kernels, weights.Down);
    readonly int _width = weights.Heads * weights.HeadWidth;

    public override long Bytes => _queryKeyValue.Bytes + _attention.Bytes + _up.Bytes + _down.Bytes;

    public override void Run(Flow flow)
    {
        Buffers buffers = flow.Buffers;
        int rows = flow.Rows;
        Tensor x_TD = flow.State;
        Tensor qkv_T3A = buffers.Matrix("qkv", rows, 3 * _width);
        Tensor context_TA = buffers.Matrix("context", rows, _width);
        Tensor branch_TD = buffers.Matrix("branch", rows, _down.Outputs);
        Tensor up_TF = buffers.Matrix("up", rows, _up.Outputs);
        _queryKeyValue.Multiply(flow, x_TD, qkv_T3A);
        flow.Kernels.Attention.Forward(
            flow.Workers,
            new AttentionCall(
                new Columns(qkv_T3A),
                new Columns(qkv_T3A, _width),
                new Columns(qkv_T3A, 2 * _width),
                flow.Sequences,
                new AttentionForm(weights.Heads, weights.HeadWidth)
            ),
            context_TA
        );
        _attention.Multiply(flow, context_TA, branch_TD);
        Norm(flow, branch_TD, x_TD, weights.AttentionNorm);
        _up.Multiply(flow, x_TD, up_TF, weights.Activation);
        _down.Multiply(flow, up_TF, branch_TD);
        Norm(flow, branch_TD, x_TD, weights.Norm);
    }

    /// <summary>state = norm(branch + state).</summary>
    void Norm(Flow flow, Tensor branch, Tensor state, (Tensor Weight, Tensor Bias) norm) =>
        flow.Kernels.Rows.AddNorm(
            flow.Workers,
            branch,
            state,
            new Norm(norm.Weight, norm.Bias, weights.NormEpsilon),
            state
        );
}
