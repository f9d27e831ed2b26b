using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>What a task asks of logits: its labels, or of a language model the tokens that come next.</summary>
static class TaskLoss
{
    public static Variable Of(Pass pass, Variable logits) =>
        pass.Model.Config.IsLanguage ? pass.Tape.NextToken(logits, pass.Batch.NextTokens())
        : pass.Model.Config.Regression
            ? pass.Tape.MeanSquares(
                logits,
                new Tensor(new Shape(pass.Batch.Count, 1), pass.Batch.Scores)
            )
        : pass.Tape.CrossEntropy(logits, pass.Batch.Labels);

    /// <summary>Of a batch behind the last layer; nothing else is on the tape then.</summary>
    public static Variable Of(Learner learner, Batch batch, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        learner.Tape.Begin();
        Pass pass = learner.Forward(batch, allExits: false);
        return Of(pass, pass.Output.LastLogits);
    }

    /// <summary>Of a model that nobody trains, over the examples of batches.</summary>
    public static double Mean(
        Model model,
        IReadOnlyList<Batch> batches,
        Tape tape,
        CancellationToken stop
    ) => Mean(new Learner(model, tape, frozen: _ => true), batches, stop);

    /// <inheritdoc cref="Mean(Model, IReadOnlyList{Batch}, Tape, CancellationToken)"/>
    public static double Mean(Learner still, IReadOnlyList<Batch> batches, CancellationToken stop)
    {
        double sum = 0;
        foreach (Batch batch in batches)
        {
            sum += Of(still, batch, stop).Value.Span[0] * batch.Count;
        }

        return sum / batches.Sum(b => b.Count);
    }

    /// <summary>Of several classifiers, each as much as the other.</summary>
    public static Variable Sum(Pass pass, IEnumerable<Variable> logits) =>
        pass.Tape.WeightedSum([.. logits.Select(l => (Of(pass, l), 1f))]);
}
