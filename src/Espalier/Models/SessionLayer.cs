using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>One layer of a session. Shape letters: T rows of all sequences, D hidden, A heads · width, F feed-forward.</summary>
sealed class SessionLayer
{
    readonly Projection _queryKeyValue;
    readonly Projection _attention;
    readonly Projection _up;
    readonly Projection _down;
    readonly (Tensor Weight, Tensor Bias) _attentionNorm;
    readonly (Tensor Weight, Tensor Bias) _norm;
    readonly LayerShape _shape;
    readonly ModelConfig _config;
    readonly int _width;

    public SessionLayer(Model model, int layer, Workers workers, KernelFamily kernels)
    {
        _config = model.Config;
        _shape = _config.Layers[layer];
        _width = _config.AttentionWidth(layer);
        Precision precision = model.Traits.Precision;
        _queryKeyValue = new Projection(
            workers,
            kernels,
            precision,
            Part("query"),
            Part("key"),
            Part("value")
        );
        _attention = new Projection(workers, kernels, precision, Part("attention"));
        _up = new Projection(workers, kernels, precision, Part("up"));
        _down = new Projection(workers, kernels, precision, Part("down"));
        _attentionNorm = Part("attention_norm");
        _norm = Part("norm");

        (Tensor, Tensor) Part(string part)
        {
            string name = Names.Layer(layer, part);
            return (model.Parameters[Names.Weight(name)], model.Parameters[Names.Bias(name)]);
        }
    }

    public long Bytes => _queryKeyValue.Bytes + _attention.Bytes + _up.Bytes + _down.Bytes;

    public void Run(Flow flow)
    {
        Workers workers = flow.Workers;
        Buffers buffers = flow.Buffers;
        int rows = flow.Rows;
        Tensor x_TD = flow.State;
        Tensor qkv_T3A = buffers.Matrix("qkv", rows, 3 * _width);
        Tensor context_TA = buffers.Matrix("context", rows, _width);
        Tensor branch_TD = buffers.Matrix("branch", rows, _config.Hidden);
        Tensor up_TF = buffers.Matrix("up", rows, _shape.FeedForward);
        _queryKeyValue.Multiply(flow, x_TD, qkv_T3A);
        flow.Kernels.Attention.Forward(
            workers,
            new Columns(qkv_T3A),
            new Columns(qkv_T3A, _width),
            new Columns(qkv_T3A, 2 * _width),
            flow.Sequences,
            _shape.Heads,
            _config.HeadWidth,
            context_TA
        );
        _attention.Multiply(flow, context_TA, branch_TD);
        Norm(flow, branch_TD, x_TD, _attentionNorm);
        _up.Multiply(flow, x_TD, up_TF, _config.Activation);
        _down.Multiply(flow, up_TF, branch_TD);
        Norm(flow, branch_TD, x_TD, _norm);
    }

    /// <summary>state = norm(branch + state).</summary>
    void Norm(Flow flow, Tensor branch, Tensor state, (Tensor Weight, Tensor Bias) norm) =>
        flow.Kernels.Rows.AddNorm(
            flow.Workers,
            branch,
            state,
            norm.Weight,
            norm.Bias,
            _config.NormEpsilon,
            state
        );
}

/// <summary>Pool, dense, linear behind one layer; always fp32.</summary>
sealed class SessionClassifier
{
    readonly Projection _dense;
    readonly Projection _out;
    readonly Pooling _pooling;
    readonly ModelConfig _config;

    public SessionClassifier(Model model, int layer, Workers workers, KernelFamily kernels)
    {
        _config = model.Config;
        string name = Names.Classifier(_config, layer);
        _pooling = name == Names.Head ? _config.Pooling : _config.ExitPooling!.Value;
        _dense = Part("dense");
        _out = Part("out");

        Projection Part(string part) =>
            new(
                workers,
                kernels,
                Precision.Fp32,
                (
                    model.Parameters[Names.Weight($"{name}.{part}")],
                    model.Parameters[Names.Bias($"{name}.{part}")]
                )
            );
    }

    public long Bytes => _dense.Bytes + _out.Bytes;

    /// <summary>[sequences, outputs]; reused by the next call.</summary>
    public Tensor Run(Flow flow)
    {
        Tensor pooled = flow.Buffers.Matrix("pooled", flow.Count, _config.Hidden);
        Tensor dense = flow.Buffers.Matrix("dense", flow.Count, _config.Hidden);
        Tensor logits = flow.Buffers.Matrix("logits", flow.Count, _config.Outputs);
        Pool.Rows(flow.State, flow.Sequences, _pooling, pooled);
        _dense.Multiply(flow, pooled, dense, _config.Family.HeadActivation);
        _out.Multiply(flow, dense, logits);
        return logits;
    }
}
