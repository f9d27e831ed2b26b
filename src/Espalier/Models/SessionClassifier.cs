using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

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
