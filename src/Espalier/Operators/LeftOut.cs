using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;

namespace Espalier.Operators;

/// <summary>What a model loses with a layer.</summary>
static class LeftOut
{
    /// <summary>Of each layer: the mean loss of the model without it (Muralidharan et al. 2024, by perplexity).</summary>
    public static double[] Losses(
        Model model,
        IReadOnlyList<Batch> batches,
        OperatorContext context
    )
    {
        // One tape for all: the layers that models share are packed once.
        Tape tape = new(context.Workers, context.Kernels);
        int count = model.Config.Layers.Count;
        Model dense = model with { Parameters = model.Parameters.With(n => model.Parameters[n]) };
        return [.. Enumerable.Range(0, count).Select(Without)];

        double Without(int layer)
        {
            var (config, oldName) = model.Config.WithLayers([
                .. Enumerable.Range(0, count).Where(l => l != layer),
            ]);
            Parameters parameters = new();
            foreach (var (name, _) in config.Shapes())
            {
                parameters.Add(name, dense.Parameters[oldName(name)]);
            }

            return TaskLoss.Mean(
                model with
                {
                    Config = config,
                    Parameters = parameters,
                },
                batches,
                tape,
                context.Stop
            );
        }
    }
}
