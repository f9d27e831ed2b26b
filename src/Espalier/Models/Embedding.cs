using System.Numerics.Tensors;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Families;
using Espalier.Stored;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <param name="Position">Null: layers turn queries and keys instead.</param>
/// <param name="Type">Null: the model has no segments.</param>
sealed record EmbeddingTables(IRowTable Word, Weight? Position, Weight? Type)
{
    public long Bytes => Word.Bytes + (Position?.Bytes ?? 0) + (Type?.Bytes ?? 0);
}

/// <summary>Word + position + type of each token, a sequence at a time; the flow's padding is the padding token.</summary>
readonly struct Embedding(
    Flow flow,
    ModelConfig config,
    EmbeddingTables tables,
    Batch batch,
    Tensor state
) : IBlocks
{
    readonly int _offset = config.Family.PositionOffset(config.PadId);
    readonly Family _family = config.Family;

    // Some language models have no token for it; what nobody sees may be any.
    readonly int _padding = Math.Max(0, config.PadId);

    public void Run(int block)
    {
        int start = flow.Starts[block],
            real = flow.Lengths[block],
            counted = flow.Before(block);
        for (int t = 0; t < flow.Starts[block + 1] - start; t++)
        {
            int from = batch.Starts[block] + t;
            Span<float> to = state.Row(start + t);
            bool isReal = t < real;
            int place =
                isReal ? _family.Position(batch.Ids[from], config.PadId, ref counted)
                : _offset > 0 ? _padding
                : t;
            to.Clear();
            tables.Word.AddRow(isReal ? batch.Ids[from] : _padding, to);
            if (config.EmbeddingScale != 1)
            {
                TensorPrimitives.Multiply(to, config.EmbeddingScale, to);
            }

            tables.Position?.AddRow(place, to);
            tables.Type?.AddRow(isReal ? batch.TypeIds[from] : 0, to);
        }
    }
}
