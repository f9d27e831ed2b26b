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
    readonly int _outputs;
    readonly int _hidden;

    public Teacher(Model model, EncodedSplit data, OperatorContext context)
    {
        ModelConfig config = model.Config;
        (_outputs, _hidden) = (config.Outputs, config.Hidden);
        _logits = new float[data.Count][];
        _embedding = new float[data.Count][];
        _last = new float[data.Count][];
        Model full = model with { Traits = new Traits(Precision.Fp32, DynamicLength: true) };
        Session session = new(full, context.Workers, context.Kernels, padTo: null);
        foreach (Batch batch in data.Batches(BatchSize))
        {
            context.Stop.ThrowIfCancellationRequested();
            Tensor logits = new(batch.Count, config.ExitCount * _outputs);
            session.RunAllExits(
                batch,
                logits,
                (layer, state) =>
                {
                    if (layer == -1)
                    {
                        Keep(state, batch, _embedding);
                    }

                    if (layer == config.Layers.Count - 1)
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

    public Tensor Embedding(Batch batch) => Rows(batch, _embedding);

    public Tensor Last(Batch batch) => Rows(batch, _last);

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
