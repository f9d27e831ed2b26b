using Espalier.Autograd;
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

    /// <summary>Of several classifiers, each as much as the other.</summary>
    public static Variable Sum(Pass pass, IEnumerable<Variable> logits) =>
        pass.Tape.WeightedSum([.. logits.Select(l => (Of(pass, l), 1f))]);
}
