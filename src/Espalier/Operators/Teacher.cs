using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>
/// What a frozen model says about the training examples, each asked once: logits of every exit, and the outputs of layers.
/// </summary>
sealed class Teacher
{
    /// <summary>The layer that stands for the embeddings.</summary>
    public const int Embedding = -1;
    const int BatchSize = 32;
    readonly float[][] _logits;
    readonly Dictionary<int, float[][]> _states = [];
    readonly Session _session;
    readonly ModelConfig _config;

    /// <param name="layers">Whose outputs will be asked for.</param>
    public Teacher(
        Model model,
        EncodedSplit data,
        IReadOnlyList<int> layers,
        OperatorContext context
    )
    {
        _config = model.Config;
        _logits = new float[data.Count][];
        Model full = Whole(model);
        _session = new Session(full, context.Workers, context.Kernels, padTo: null);
        long bytes = layers.Count * data.Tokens * _config.Hidden * sizeof(float);
        if (bytes <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2)
        {
            _states = layers.ToDictionary(l => l, _ => new float[data.Count][]);
        }

        foreach (Batch batch in data.Batches(BatchSize))
        {
            context.Stop.ThrowIfCancellationRequested();
            Tensor logits = Ask(
                batch,
                (layer, state) =>
                {
                    if (_states.TryGetValue(layer, out float[][]? kept))
                    {
                        Keep(state, batch, kept);
                    }
                }
            );
            for (int s = 0; s < batch.Count; s++)
            {
                _logits[batch.Examples[s]] = logits.Row(s).ToArray();
            }
        }
    }

    /// <summary>The model as it was trained: in fp32, unpadded, and with every row in every layer.</summary>
    public static Model Whole(Model model) =>
        model with
        {
            Config = model.Config with
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
            Traits = new Traits(Precision.Fp32, DynamicLength: true),
        };

    /// <summary>Logits of one exit, [sequences, outputs].</summary>
    public Tensor Logits(Batch batch, int exit)
    {
        Tensor logits = new(batch.Count, _config.Outputs);
        for (int s = 0; s < batch.Count; s++)
        {
            _logits[batch.Examples[s]]
                .AsSpan(exit * _config.Outputs, _config.Outputs)
                .CopyTo(logits.Row(s));
        }

        return logits;
    }

    /// <summary>
    /// Output of a layer, [tokens, width], or some of its rows. States that do not fit in memory are computed anew: a row never depends on its
    /// batch, so they are the same.
    /// </summary>
    /// <param name="some">Null: all.</param>
    public Tensor State(Batch batch, int wanted, int[]? some = null)
    {
        Tensor all = State(batch, wanted);
        if (some is null)
        {
            return all;
        }

        Tensor rows = new(some.Length, all.Columns);
        for (int i = 0; i < some.Length; i++)
        {
            all.Row(some[i]).CopyTo(rows.Row(i));
        }

        return rows;
    }

    Tensor State(Batch batch, int wanted)
    {
        if (!_states.TryGetValue(wanted, out float[][]? kept))
        {
            Tensor? found = null;
            Ask(batch, (layer, state) => found = layer == wanted ? state.Clone() : found);
            return found!;
        }

        Tensor rows = new(batch.Tokens, _config.Hidden);
        for (int s = 0; s < batch.Count; s++)
        {
            kept[batch.Examples[s]].CopyTo(rows.Span[(batch.Starts[s] * _config.Hidden)..]);
        }

        return rows;
    }

    Tensor Ask(Batch batch, Action<int, Tensor> see)
    {
        Tensor logits = new(batch.Count, _config.ExitCount * _config.Outputs);
        _session.RunAllExits(batch, logits, see);
        return logits;
    }

    void Keep(Tensor state, Batch batch, float[][] into)
    {
        for (int s = 0; s < batch.Count; s++)
        {
            int from = batch.Starts[s] * _config.Hidden,
                to = batch.Starts[s + 1] * _config.Hidden;
            into[batch.Examples[s]] = state.Span[from..to].ToArray();
        }
    }
}
