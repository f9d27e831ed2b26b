using System.Numerics.Tensors;
using Espalier.Data;
using Espalier.Kernels;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <param name="Type">Null: the model has no segments.</param>
sealed record EmbeddingTables(Tensor Word, Tensor Position, Tensor? Type);

/// <summary>Word + position + type of each token, a sequence at a time; the flow's padding is the padding token.</summary>
readonly struct Embedding(Flow flow, ModelConfig config, EmbeddingTables tables, Batch batch)
    : IBlocks
{
    readonly int _offset = config.Family.PositionOffset(config.PadId);
    readonly Tensor _state = flow.State;

    public void Run(int block)
    {
        int start = flow.Starts[block],
            real = flow.Lengths[block];
        for (int t = 0; t < flow.Starts[block + 1] - start; t++)
        {
            int from = batch.Starts[block] + t;
            Span<float> to = _state.Row(start + t);
            bool isReal = t < real;
            int place =
                isReal ? t + _offset
                : _offset > 0 ? config.PadId
                : t;
            TensorPrimitives.Add(
                tables.Word.Row(isReal ? batch.Ids[from] : config.PadId),
                tables.Position.Row(place),
                to
            );
            if (tables.Type is { } type)
            {
                TensorPrimitives.Add(to, type.Row(isReal ? batch.TypeIds[from] : 0), to);
            }
        }
    }
}
