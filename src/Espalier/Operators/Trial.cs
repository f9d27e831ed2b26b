using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// A model in fp32 with other weights in some of its layers' matrices, again and again, to see what the loss does. What did not change
/// since the last time stays packed. Memory: the matrices twice, and packed.
/// </summary>
sealed class Trial
{
    readonly Model _model;
    readonly Model _own;
    readonly Tape _tape;
    readonly Learner _still;
    readonly CancellationToken _stop;
    HashSet<string> _other = [];

    public Trial(Model model, OperatorContext context)
    {
        HashSet<string> matrices = [.. Layers(model.Config).SelectMany(l => l)];
        _model = model;
        _own = model with
        {
            Parameters = model.Parameters.With(n =>
                matrices.Contains(n) ? model.Parameters[n].Clone() : model.Parameters[n]
            ),
        };

        // What a small change does to the loss is less than what products in bfloat16 do.
        _tape = new Tape(context.Workers, context.Kernels.Fp32);
        _still = new Learner(_own, _tape, frozen: _ => true);
        _stop = context.Stop;
    }

    /// <summary>Of each set of layers' weights the names of its linears' matrices.</summary>
    public static string[][] Layers(ModelConfig config) =>
        [
            .. Enumerable
                .Range(0, config.Layers.Count)
                .DistinctBy(config.SetOf)
                .Select(layer =>
                    CalibrationRun
                        .Linears(config.Layers[layer])
                        .Select(l => config.PartOf(layer, l.Linear).Weight)
                        .ToArray()
                ),
        ];

    /// <summary>From now on these matrices are others, and all that are not named as they were.</summary>
    public void Put(IReadOnlyDictionary<string, Tensor> other)
    {
        foreach (string name in _other.Concat(other.Keys).Distinct())
        {
            Tensor now = other.GetValueOrDefault(name) ?? _model.Parameters[name];
            now.Span.CopyTo(_own.Parameters[name].Span);
        }

        _tape.WeightsChanged();
        foreach (string name in _own.Parameters.Names)
        {
            if (!_other.Contains(name) && !other.ContainsKey(name))
            {
                _tape.Repacked(_own.Parameters[name]);
            }
        }

        _other = [.. other.Keys];
    }

    /// <summary>What the task asks, the mean over examples.</summary>
    public double Loss(IReadOnlyList<Batch> batches) => TaskLoss.Mean(_still, batches, _stop);

    /// <summary>Of the loss of a batch by these matrices, one behind the other in the order of the names.</summary>
    public float[] Gradient(Batch batch, string[] names)
    {
        Learner learner = new(_own, _tape, frozen: n => !names.Contains(n));
        _tape.Backward(TaskLoss.Of(learner, batch, _stop));
        return [.. names.SelectMany(n => learner[n].Gradient!.Span.ToArray())];
    }
}
