using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>
/// Texts on their way through a model that is changed while they go: one layer is packed at a time, the states of all texts wait
/// between layers. Memory is 4 bytes for each token and column of the states, one packed layer, and what one batch needs in it.
/// </summary>
public sealed class LayerStream
{
    readonly IReadOnlyList<Batch> _batches;
    readonly Tensor[] _states;
    readonly Workers _workers;
    readonly KernelFamily _kernels;
    readonly Buffers _buffers = new();

    /// <summary>Looks the words up; the texts stand in front of the first layer.</summary>
    public LayerStream(
        Model model,
        IReadOnlyList<Batch> batches,
        Workers workers,
        KernelFamily kernels
    )
    {
        (_batches, _workers, _kernels) = (batches, workers, kernels);
        Model words = model with { Config = model.Config with { Layers = [] } };
        Infer infer = new(new PackedModel(Plain(words), workers, kernels));
        _states = new Tensor[batches.Count];
        for (int i = 0; i < _states.Length; i++)
        {
            Keep keep = new();
            infer.Run(Begin(batches[i]), batches[i], Nobody.Here, keep);
            _states[i] = keep.States!;
        }
    }

    /// <summary>Of each batch: what stands in front of the next layer, [T, D]; the tensors are used again.</summary>
    public IReadOnlyList<Tensor> States => _states;

    /// <summary>Of all texts.</summary>
    public int Tokens => _batches.Sum(b => b.Tokens);

    /// <summary>Of the states that wait.</summary>
    public long Bytes => _states.Sum(s => 4L * s.Count);

    /// <summary>Runs a layer, which all before it lead to.</summary>
    /// <param name="model">As it is now.</param>
    /// <param name="watch">Is shown the input [T, K] of each product, by the first part of it; the tensor is used again.</param>
    /// <param name="move">Whether the texts go on behind the layer, or stay in front of it.</param>
    public void Run(Model model, int layer, Action<Part, Tensor>? watch, bool move)
    {
        Infer infer = new(new PackedModel(Plain(model), _workers, _kernels, layer));
        for (int i = 0; i < _states.Length; i++)
        {
            Tensor states = move ? _states[i] : _states[i].Clone();
            infer.RunLayer(Begin(_batches[i]), _batches[i], layer, states, watch);
        }
    }

    Flow Begin(Batch batch) => _buffers.Begin(_workers, _kernels, batch, null);

    /// <summary>Weights as they are stored, and every row goes all the way.</summary>
    static Model Plain(Model model) =>
        model with
        {
            Traits = new Traits(DynamicLength: true),
            Config = model.Config.WithoutExits() with
            {
                Layers =
                [
                    .. model.Config.Layers.Select(l =>
                        l with
                        {
                            Attention = l.Attention with { Keeps = null },
                        }
                    ),
                ],
            },
        };

    sealed class Keep : ISee<Columns>
    {
        public Tensor? States { get; private set; }

        public void Embedding(Columns x) => States = x.Tensor.Clone();
    }

    /// <summary>Wants no answers.</summary>
    sealed class Nobody : IAnswers
    {
        public static Nobody Here { get; } = new();

        public bool Asks(int layer) => false;

        public bool Answer(int layer, Tensor logits) => false;
    }
}
