using Espalier.Autograd;
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
        OperatorContext context,
        Phase? phase = null
    )
    {
        IEnumerable<(int Layer, Func<GraphOutput, (Variable, int[]?)> Own, double Weight)> all =
        [
            (Teacher.Embedding, o => (o.Embedding, null), weights.Embedding),
            (teacher.Config.Layers.Count - 1, o => (o.Layers[^1], o.Rows), weights.Last),
        ];
        var states = all.Where(s => s.Weight > 0).ToArray();
        Teacher answers = new(
            teacher,
            context.Task.Training,
            [.. states.Select(s => s.Layer)],
            context
        );
        context.Train(
            student,
            pass =>
                pass.Tape.WeightedSum([
                    .. pass.Output.Logits.Select(
                        (logits, exit) =>
                            (
                                Soft(
                                    pass,
                                    logits,
                                    answers.Logits(pass.Batch, exitOf(exit)),
                                    weights
                                ),
                                (float)weights.Logits
                            )
                    ),
                    .. states.Select(s =>
                    {
                        var (own, rows) = s.Own(pass.Output);
                        return (
                            pass.Tape.MeanSquares(own, answers.State(pass.Batch, s.Layer, rows)),
                            (float)s.Weight
                        );
                    }),
                ]),
            phase
        );
    }

    /// <summary>A number has no distribution to match, so regression matches the teacher's number.</summary>
    static Variable Soft(Pass pass, Variable logits, Tensor teacher, DistillationWeights weights) =>
        pass.Model.Config.Regression
            ? pass.Tape.MeanSquares(logits, teacher)
            : pass.Tape.SoftCrossEntropy(logits, teacher, (float)weights.Temperature);

    /// <summary>Options of every operator that distils.</summary>
    public static IReadOnlyList<Option> Options<T>(
        Func<T, DistillationWeights> get,
        Func<T, DistillationWeights, T> with
    )
        where T : Operator
    {
        return
        [
            Of(
                "logits",
                "Weight of the soft cross-entropy with the teacher's logits.",
                w => w.Logits,
                (w, v) => w with { Logits = v }
            ),
            Of(
                "embedding",
                "Weight of the mean squared difference of the embeddings' outputs.",
                w => w.Embedding,
                (w, v) => w with { Embedding = v }
            ),
            Of(
                "last",
                "Weight of the mean squared difference of the last layers' outputs.",
                w => w.Last,
                (w, v) => w with { Last = v }
            ),
            Of(
                "temperature",
                "Softens both sides' logits.",
                w => w.Temperature,
                (w, v) => w with { Temperature = v },
                0.1,
                100
            ),
        ];

        Option Of(
            string name,
            string meaning,
            Func<DistillationWeights, double> value,
            Func<DistillationWeights, double, DistillationWeights> set,
            double least = 0,
            double most = 1000
        ) =>
            Option.Number<T>(
                name,
                meaning,
                least,
                most,
                o => value(get(o)),
                (o, v) => with(o, set(get(o), v))
            );
    }
}
