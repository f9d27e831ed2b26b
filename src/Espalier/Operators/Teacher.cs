using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What a classifier says of a batch.</summary>
/// <param name="Logits">Of every exit, [sequences, exits · outputs].</param>
/// <param name="States">Outputs of the layers that were asked for, [tokens, width] each.</param>
sealed record Said(Tensor Logits, IReadOnlyList<Tensor> States)
{
    /// <summary>Logits of one exit, [sequences, outputs].</summary>
    public Tensor Exit(int exit, int outputs)
    {
        Tensor logits = new(Logits.Rows, outputs);
        for (int s = 0; s < logits.Rows; s++)
        {
            Logits.Row(s).Slice(exit * outputs, outputs).CopyTo(logits.Row(s));
        }

        return logits;
    }

    /// <summary>Some rows of a state.</summary>
    /// <param name="some">Null: all.</param>
    public Tensor State(int index, int[]? some)
    {
        Tensor all = States[index];
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
}

/// <summary>
/// What a frozen classifier says about the training examples, each asked once: logits of every exit, and the outputs of layers.
/// </summary>
sealed class Teacher : IDisposable
{
    /// <summary>The layer that stands for the embeddings.</summary>
    public const int Embedding = -1;
    readonly Session _session;
    readonly ModelConfig _config;
    readonly IReadOnlyList<int> _layers;
    readonly TeacherCache _cache;

    /// <param name="layers">Whose outputs will be asked for.</param>
    public Teacher(Model model, IReadOnlyList<int> layers, OperatorContext context)
    {
        (_config, _layers) = (model.Config, layers);
        _session = new Session(Whole(model), context.Workers, context.Kernels, padTo: null);
        _cache = new TeacherCache(
            context,
            $"layers {string.Join(' ', layers)}",
            _config.ExitCount * _config.Outputs,
            layers.Count * _config.Hidden
        );
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

    /// <summary>Of a batch of the training split.</summary>
    public Said Of(Batch batch)
    {
        Said said = Empty(batch);
        _cache.Read(batch, Parts(said, batch), Ask);
        return said;
    }

    IReadOnlyList<TeacherCache.Part> Ask(Batch batch)
    {
        Said said = Empty(batch);
        _session.RunAllExits(
            batch,
            said.Logits,
            (layer, state) =>
            {
                for (int i = 0; i < _layers.Count; i++)
                {
                    if (_layers[i] == layer)
                    {
                        state.Span.CopyTo(said.States[i].Span);
                    }
                }
            }
        );
        return Parts(said, batch);
    }

    Said Empty(Batch batch) =>
        new(
            new Tensor(batch.Count, _config.ExitCount * _config.Outputs),
            [.. _layers.Select(_ => new Tensor(batch.Tokens, _config.Hidden))]
        );

    static IReadOnlyList<TeacherCache.Part> Parts(Said said, Batch batch) =>
        [
            said.Logits.Row,
            .. said.States.Select(state =>
                (TeacherCache.Part)(s => TeacherCache.Rows(state, batch, s))
            ),
        ];

    public void Dispose() => _cache.Dispose();
}
