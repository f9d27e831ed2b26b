using Espalier.Data;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <summary>
/// A model ready to answer on this machine: weights packed once, buffers kept. Obeys the traits: int8 products, and
/// padding to <c>padTo</c> tokens unless the model has dynamic length. Not for several threads at once.
/// </summary>
public sealed class Session
{
    readonly Workers _workers;
    readonly KernelFamily _kernels;
    readonly ModelConfig _config;
    readonly EmbeddingTables _tables;
    readonly (Tensor Weight, Tensor Bias) _embeddingNorm;
    readonly SessionLayer[] _layers;
    readonly SessionClassifier?[] _classifiers;
    readonly Buffers _buffers = new();
    readonly int? _padTo;

    /// <param name="padTo">Length that sequences are padded to where the model lacks dynamic length; null: none are.</param>
    /// <exception cref="InvalidDataException">The weights are too large for int8.</exception>
    public Session(Model model, Workers workers, KernelFamily kernels, int? padTo)
    {
        if (model.Traits.Precision == Precision.Int8 && Int8Range.Problem(model) is { } problem)
        {
            throw new InvalidDataException($"The model cannot answer: {problem}.");
        }

        (_workers, _kernels) = (workers, kernels);
        _config = model.Config;
        Parameters parameters = model.Parameters;
        _tables = new EmbeddingTables(
            parameters[Names.Word],
            parameters[Names.Position],
            _config.Types > 0 ? parameters[Names.Type] : null
        );
        _embeddingNorm = (
            parameters[Names.Weight(Names.EmbeddingNorm)],
            parameters[Names.Bias(Names.EmbeddingNorm)]
        );
        _padTo =
            model.Traits.DynamicLength || padTo is null
                ? null
                : Math.Min(padTo.Value, _config.MaxLength);
        _layers = new SessionLayer[_config.Layers.Count];
        _classifiers = new SessionClassifier?[_layers.Length];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = SessionLayer.Of(model, i, workers, kernels);
            bool last = i == _layers.Length - 1;
            _classifiers[i] =
                last || _config.HasExits ? new SessionClassifier(model, i, workers, kernels) : null;
        }

        Model = model;
    }

    public Model Model { get; }

    /// <summary>Memory of the packed weights and the embedding tables.</summary>
    public long Bytes =>
        _layers.Sum(l => l.Bytes)
        + _classifiers.Sum(c => c?.Bytes ?? 0)
        + 4L * (_tables.Word.Count + _tables.Position.Count + (_tables.Type?.Count ?? 0));

    /// <summary>
    /// Answers a batch. Examples leave at the first exit that <paramref name="effort"/> lets them, and those that
    /// left take no part in later layers.
    /// </summary>
    /// <param name="logits">Receives [sequences, outputs] in the order of the batch.</param>
    /// <param name="exits">Receives the exit of each sequence, counted from 0.</param>
    public void Run(Batch batch, Effort effort, Tensor logits, Span<int> exits)
    {
        int outputs = _config.Outputs,
            places = _config.ExitCount;
        bool early = effort.Rule != ExitRule.Never && _config.HasExits;
        Flow flow = Start(batch);
        float[] seen = _buffers.Floats(batch.Count * places * outputs);
        int[] streaks = _buffers.Ints(batch.Count);
        streaks.AsSpan(0, batch.Count).Clear();
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Run(flow);
            bool last = i == _layers.Length - 1;
            if (!last && !early)
            {
                continue;
            }

            Tensor here = _classifiers[i]!.Run(flow);
            int place = last ? places - 1 : i;
            for (int s = 0; s < flow.Count; s++)
            {
                int example = flow.Examples[s];
                Span<float> answers = seen.AsSpan(example * places * outputs, places * outputs);
                here.Row(s).CopyTo(answers[(place * outputs)..]);
                bool leaves =
                    last
                    || effort.Leaves(
                        answers[..((place + 1) * outputs)],
                        outputs,
                        _config.Regression,
                        ref streaks[example]
                    );
                flow.Leaves[s] = leaves;
                if (leaves)
                {
                    here.Row(s).CopyTo(logits.Row(example));
                    exits[example] = place;
                }
            }

            if (!last && !flow.Compact())
            {
                return;
            }
        }
    }

    /// <summary>One pass through every layer and every exit: [sequences, exits · outputs].</summary>
    /// <param name="see">
    /// Is shown the state behind the embeddings (layer −1) and behind each layer, over the rows of the batch as it
    /// runs here, [T, D]. The tensor is reused; copy what is needed.
    /// </param>
    public void RunAllExits(Batch batch, Tensor logits, Action<int, Tensor>? see = null)
    {
        int outputs = _config.Outputs;
        Flow flow = Start(batch);
        see?.Invoke(-1, flow.State);
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Run(flow);
            see?.Invoke(i, flow.State);
            if (_classifiers[i] is not { } classifier)
            {
                continue;
            }

            Tensor here = classifier.Run(flow);
            int place = _config.HasExits ? i : 0;
            for (int s = 0; s < flow.Count; s++)
            {
                here.Row(s).CopyTo(logits.Row(s)[(place * outputs)..]);
            }
        }
    }

    Flow Start(Batch batch)
    {
        Flow flow = _buffers.Begin(_workers, _kernels, _config, batch, _padTo);
        _workers.Run(flow.Count, new Embedding(flow, _config, _tables, batch));
        _kernels.Rows.AddNorm(
            _workers,
            flow.State,
            null,
            new Norm(_embeddingNorm.Weight, _embeddingNorm.Bias, _config.NormEpsilon),
            flow.State
        );
        if (Model.Traits.Precision == Precision.Int8)
        {
            flow.Quantize();
        }

        return flow;
    }
}
