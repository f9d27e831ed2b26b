using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>How much the first token's state differs between inputs, as a share of its size.</summary>
static class Liveliness
{
    const int Examples = 64;

    /// <summary>Smallest over the layers but the last; 1 for a model of one layer.</summary>
    public static double Smallest(Model model, OperatorContext context)
    {
        EncodedSplit tuning = context.Task.Tuning;
        Batch batch = tuning.Take([.. Enumerable.Range(0, Math.Min(Examples, tuning.Count))]);
        Session session = new(Teacher.Whole(model), context.Workers, context.Kernels, padTo: null);
        double smallest = 1;
        if (batch.Count < 2)
        {
            return smallest;
        }

        session.RunAllExits(
            batch,
            new Tensor(batch.Count, model.Config.ExitCount * model.Config.Outputs),
            (layer, state) =>
            {
                if (layer >= 0 && layer < model.Config.Layers.Count - 1)
                {
                    smallest = Math.Min(smallest, Of(state, batch));
                }
            }
        );
        return smallest;
    }

    /// <summary>√(mean variance between sequences / mean square).</summary>
    static double Of(Tensor state, Batch batch)
    {
        double variance = 0,
            square = 0;
        for (int c = 0; c < state.Columns; c++)
        {
            double mean = 0,
                squares = 0;
            for (int s = 0; s < batch.Count; s++)
            {
                mean += state.Row(batch.Starts[s])[c] / batch.Count;
            }

            for (int s = 0; s < batch.Count; s++)
            {
                double value = state.Row(batch.Starts[s])[c];
                squares += value * value / batch.Count;
                variance += (value - mean) * (value - mean) / batch.Count;
            }

            square += squares;
        }

        return square == 0 ? 0 : Math.Sqrt(variance / square);
    }
}
