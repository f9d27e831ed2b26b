using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>Weights of the parts of the loss (Xin et al. 2022: 1 : 1 : 1, temperature 1).</summary>
/// <param name="Logits">Of the soft cross-entropy with the teacher's logits.</param>
/// <param name="Embedding">Of the mean squared difference of the embeddings' outputs.</param>
/// <param name="Last">Of the mean squared difference of the last layers' outputs.</param>
public sealed record DistillationWeights(
    double Logits,
    double Embedding,
    double Last,
    double Temperature
);

/// <summary>Trains a student to answer as its teacher does (TinyBERT's and FastFormers' loss).</summary>
static class Distillation
{
    /// <param name="exitOf">The teacher's exit that each exit of the student learns from.</param>
    public static void Train(
        Model student,
        Model teacher,
        DistillationWeights weights,
        Func<int, int> exitOf,
        OperatorContext context
    )
    {
        Teacher answers = new(teacher, context.Task.Training, weights, context);
        context.Train(
            student,
            pass =>
            {
                (Tape tape, Batch batch) = (pass.Tape, pass.Batch);
                List<(Variable, float)> terms =
                [
                    .. pass.Output.Logits.Select(
                        (logits, exit) =>
                            (
                                Soft(pass, logits, answers.Logits(batch, exitOf(exit)), weights),
                                (float)weights.Logits
                            )
                    ),
                ];
                void Alike(Variable own, Func<Batch, Tensor> teacher, double weight)
                {
                    if (weight > 0)
                    {
                        terms.Add((tape.MeanSquares(own, teacher(batch)), (float)weight));
                    }
                }

                Alike(pass.Output.Embedding, answers.Embedding, weights.Embedding);
                Alike(pass.Output.Layers[^1], answers.Last, weights.Last);
                return tape.WeightedSum([.. terms]);
            }
        );
    }

    /// <summary>A number has no distribution to match, so regression matches the teacher's number.</summary>
    static Variable Soft(Pass pass, Variable logits, Tensor teacher, DistillationWeights weights) =>
        pass.Model.Config.Regression
            ? pass.Tape.MeanSquares(logits, teacher)
            : pass.Tape.SoftCrossEntropy(logits, teacher, (float)weights.Temperature);

    /// <summary>Options that D and P share.</summary>
    public static IReadOnlyList<Option> Options<T>(
        Func<T, DistillationWeights> get,
        Func<T, DistillationWeights, T> with
    )
        where T : Operator =>
        [
            Option.Number<T>(
                "logits",
                "Weight of the soft cross-entropy with the teacher's logits.",
                0,
                1000,
                o => get(o).Logits,
                (o, v) => with(o, get(o) with { Logits = v })
            ),
            Option.Number<T>(
                "embedding",
                "Weight of the mean squared difference of the embeddings' outputs.",
                0,
                1000,
                o => get(o).Embedding,
                (o, v) => with(o, get(o) with { Embedding = v })
            ),
            Option.Number<T>(
                "last",
                "Weight of the mean squared difference of the last layers' outputs.",
                0,
                1000,
                o => get(o).Last,
                (o, v) => with(o, get(o) with { Last = v })
            ),
            Option.Number<T>(
                "temperature",
                "Softens both sides' logits.",
                0.1,
                100,
                o => get(o).Temperature,
                (o, v) => with(o, get(o) with { Temperature = v })
            ),
        ];
}
