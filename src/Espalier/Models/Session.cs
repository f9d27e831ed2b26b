using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <summary>
/// One stream of answers from packed weights: buffers of its own, kept. Obeys the traits: int8 products, and padding to
/// <c>padTo</c> tokens unless the model has dynamic length. Not for several threads at once; make a session for each.
/// </summary>
public sealed class Session
{
    readonly PackedModel _packed;
    readonly Workers _workers;
    readonly Buffers _buffers = new();
    readonly Infer _infer;
    readonly Leaving _leaving;
    readonly int? _padTo;

    /// <param name="padTo">Length that sequences are padded to where the model lacks dynamic length; null: none are.</param>
    /// <exception cref="InvalidDataException">It is a language model, which <see cref="LanguageSession"/> runs.</exception>
    public Session(PackedModel packed, Workers workers, int? padTo)
    {
        if (packed.Model.Config.IsLanguage)
        {
            throw new InvalidDataException(
                $"A {packed.Model.Config.Family.ModelType} model says which token comes next and does not classify texts; "
                    + "generate with it, or measure its perplexity."
            );
        }

        (_packed, _workers) = (packed, workers);
        _infer = new Infer(packed);
        _leaving = new Leaving(packed.Model.Config);
        _padTo =
            Model.Traits.DynamicLength || padTo is null
                ? null
                : Math.Min(padTo.Value, Model.Config.MaxLength);
    }

    /// <summary>Packs the model for this session alone.</summary>
    /// <inheritdoc cref="Session(PackedModel, Workers, int?)"/>
    /// <exception cref="InvalidDataException">The weights are too large for int8.</exception>
    public Session(Model model, Workers workers, KernelFamily kernels, int? padTo)
        : this(new PackedModel(model, workers, kernels), workers, padTo) { }

    public Model Model => _packed.Model;

    /// <summary>Memory of the packed weights and the embedding tables.</summary>
    public long Bytes => _packed.Bytes;

    /// <summary>
    /// Answers a batch. Examples leave at the first exit that <paramref name="effort"/> lets them, and those that
    /// left take no part in later layers.
    /// </summary>
    /// <param name="logits">Receives [sequences, outputs] in the order of the batch.</param>
    /// <param name="exits">Receives the exit of each sequence, counted from 0.</param>
    public void Run(Batch batch, Effort effort, Tensor logits, Span<int> exits) =>
        Run(batch, new ReadOnlySpan<Effort>(in effort), logits, exits);

    /// <param name="efforts">Of each sequence, or one for all: those of several clients go through the layers together.</param>
    /// <inheritdoc cref="Run(Batch, Effort, Tensor, Span{int})"/>
    public void Run(Batch batch, ReadOnlySpan<Effort> efforts, Tensor logits, Span<int> exits)
    {
        Flow flow = Begin(batch);
        _leaving.Begin(flow, efforts, logits);
        _infer.Run(flow, batch, _leaving);
        _leaving.Exits.CopyTo(exits);
    }

    /// <summary>One pass through every layer and every exit: [sequences, exits · outputs].</summary>
    /// <param name="see">
    /// Is shown the state behind the embeddings (layer −1) and behind each layer, over the rows of the batch as it
    /// runs here, [T, D]. The tensor is reused; copy what is needed.
    /// </param>
    public void RunAllExits(Batch batch, Tensor logits, Action<int, Tensor>? see = null)
    {
        Flow flow = Begin(batch);
        _infer.Run(
            flow,
            batch,
            new Everything(flow, Model.Config, logits),
            see is null ? null : new States(see)
        );
    }

    /// <inheritdoc cref="RunAllExits(Batch, Tensor, Action{int, Tensor}?)"/>
    public void RunAllExits(Batch batch, Tensor logits, ISee<Columns> see)
    {
        Flow flow = Begin(batch);
        _infer.Run(flow, batch, new Everything(flow, Model.Config, logits), see);
    }

    Flow Begin(Batch batch) => _buffers.Begin(_workers, _packed.Kernels, batch, _padTo);

    sealed class States(Action<int, Tensor> see) : ISee<Columns>
    {
        public void Embedding(Columns x) => see(-1, x.Tensor);

        public void State(int layer, Columns x) => see(layer, x.Tensor);
    }
}
