using Espalier.Autograd;
using Espalier.Data;
using Espalier.Models;
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
        EncodedSplit data = context.Task.Training;
        Teacher answers = new(teacher, data, weights, context);
        Tape tape = new(context.Workers, context.Kernels);
        EncoderGraph graph = new(student);
        AdamW optimizer = new(graph, context.Workers, context.Kernels, context.Training);
        new Trainer(graph, tape, optimizer, context.Run()).Train(
            data,
            batch =>
            {
                GraphOutput output = graph.Forward(tape, batch, allExits: true);
                List<(Variable, float)> terms = [];
                for (int exit = 0; exit < output.Logits.Count; exit++)
                {
                    terms.Add(
                        (
                            Soft(
                                tape,
                                output.Logits[exit],
                                answers.Logits(batch, exitOf(exit)),
                                student,
                                weights
                            ),
                            (float)weights.Logits
                        )
                    );
                }

                if (weights.Embedding > 0)
                {
                    terms.Add(
                        (
                            tape.MeanSquares(output.Embedding, answers.Embedding(batch)),
                            (float)weights.Embedding
                        )
                    );
                }

                if (weights.Last > 0)
                {
                    terms.Add(
                        (
                            tape.MeanSquares(output.Layers[^1], answers.Last(batch)),
                            (float)weights.Last
                        )
                    );
                }

                return tape.WeightedSum([.. terms]);
            }
        );
    }

    /// <summary>A number has no distribution to match, so regression matches the teacher's number.</summary>
    static Variable Soft(
        Tape tape,
        Variable logits,
        Tensors.Tensor teacher,
        Model student,
        DistillationWeights weights
    ) =>
        student.Config.Regression
            ? tape.MeanSquares(logits, teacher)
            : tape.SoftCrossEntropy(logits, teacher, (float)weights.Temperature);

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
