using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Training;

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

            Learner learner = new(
                model with
                {
                    Config = config,
                    Parameters = parameters,
                },
                tape,
                frozen: _ => true
            );
            double sum = 0;
            foreach (Batch batch in batches)
            {
                context.Stop.ThrowIfCancellationRequested();
                tape.Begin();
                Pass pass = learner.Forward(batch, allExits: false);
                sum += TaskLoss.Of(pass, pass.Output.LastLogits).Value.Span[0] * batch.Count;
            }

            return sum / batches.Sum(b => b.Count);
        }
    }
}
