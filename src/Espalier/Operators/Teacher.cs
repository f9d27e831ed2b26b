using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>
/// What a frozen model says about the training examples, each asked once: logits of every exit, the embeddings'
/// output and the last layer's.
/// </summary>
sealed class Teacher
{
    const int BatchSize = 32;
    readonly float[][] _logits;
    readonly float[][] _embedding;
    readonly float[][] _last;
    readonly Session _session;
    readonly bool _keepsStates;
    readonly int _outputs;
    readonly int _hidden;
    readonly int _exits;
    readonly int _lastLayer;

    /// <param name="weights">States whose weight is 0 are not kept.</param>
    public Teacher(
        Model model,
        EncodedSplit data,
        DistillationWeights weights,
        OperatorContext context
    )
    {
        ModelConfig config = model.Config;
        (_outputs, _hidden, _exits) = (config.Outputs, config.Hidden, config.ExitCount);
        _logits = new float[data.Count][];
        _embedding = new float[data.Count][];
        _last = new float[data.Count][];
        _lastLayer = config.Layers.Count - 1;
        Model full = model with { Traits = new Traits(Precision.Fp32, DynamicLength: true) };
        _session = new Session(full, context.Workers, context.Kernels, padTo: null);
        int states = (weights.Embedding > 0 ? 1 : 0) + (weights.Last > 0 ? 1 : 0);
        long bytes = states * data.Tokens * _hidden * sizeof(float);
        _keepsStates = bytes <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        foreach (Batch batch in data.Batches(BatchSize))
        {
            context.Stop.ThrowIfCancellationRequested();
            Tensor logits = new(batch.Count, _exits * _outputs);
            _session.RunAllExits(
                batch,
                logits,
                (layer, state) =>
                {
                    if (_keepsStates && weights.Embedding > 0 && layer == -1)
                    {
                        Keep(state, batch, _embedding);
                    }

                    if (_keepsStates && weights.Last > 0 && layer == _lastLayer)
                    {
                        Keep(state, batch, _last);
                    }
                }
            );
            for (int s = 0; s < batch.Count; s++)
            {
                _logits[batch.Examples[s]] = logits.Row(s).ToArray();
            }
        }
    }

    /// <summary>Logits of one exit, [sequences, outputs].</summary>
    public Tensor Logits(Batch batch, int exit)
    {
        Tensor logits = new(batch.Count, _outputs);
        for (int s = 0; s < batch.Count; s++)
        {
            _logits[batch.Examples[s]].AsSpan(exit * _outputs, _outputs).CopyTo(logits.Row(s));
        }

        return logits;
    }

    public Tensor Embedding(Batch batch) =>
        _keepsStates ? Rows(batch, _embedding) : Asked(batch, -1);

    public Tensor Last(Batch batch) => _keepsStates ? Rows(batch, _last) : Asked(batch, _lastLayer);

    /// <summary>States that do not fit in memory are computed anew: a row never depends on its batch, so they are the same.</summary>
    Tensor Asked(Batch batch, int wanted)
    {
        Tensor? found = null;
        _session.RunAllExits(
            batch,
            new Tensor(batch.Count, _exits * _outputs),
            (layer, state) => found = layer == wanted ? state.Clone() : found
        );
        return found!;
    }

    Tensor Rows(Batch batch, float[][] kept)
    {
        Tensor rows = new(batch.Tokens, _hidden);
        for (int s = 0; s < batch.Count; s++)
        {
            kept[batch.Examples[s]].CopyTo(rows.Span[(batch.Starts[s] * _hidden)..]);
        }

        return rows;
    }

    void Keep(Tensor state, Batch batch, float[][] into)
    {
        for (int s = 0; s < batch.Count; s++)
        {
            int from = batch.Starts[s] * _hidden,
                to = batch.Starts[s + 1] * _hidden;
            into[batch.Examples[s]] = state.Span[from..to].ToArray();
        }
    }
}
