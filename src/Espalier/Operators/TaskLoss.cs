using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What a task's labels ask of logits.</summary>
static class TaskLoss
{
    public static Variable Of(Tape tape, Variable logits, Batch batch, ModelConfig config) =>
        config.Regression
            ? tape.MeanSquares(logits, new Tensor(new Shape(batch.Count, 1), batch.Scores))
            : tape.CrossEntropy(logits, batch.Labels);
}
