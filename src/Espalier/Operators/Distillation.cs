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
)
{
    /// <summary>Of the task's own loss beside.</summary>
    public double Hard { get; init; }
    public Divergence Divergence { get; init; } = Divergence.Forward;

    /// <summary>Of a language model: how many of the tokens that the teacher finds likeliest are learned one by one, the others as one.</summary>
    public int Top { get; init; } = 128;

    /// <summary>Whether there is nothing to learn.</summary>
    public bool AreZero => Logits == 0 && Embedding == 0 && Last == 0 && Hard == 0;
}

/// <summary>From which side teacher and student are compared.</summary>
public enum Divergence
{
    /// <summary>KL(teacher ‖ student).</summary>
    Forward,

    /// <summary>KL(student ‖ teacher), as MiniLLM has it (Gu et al. 2024).</summary>
    Reverse,
}

/// <summary>Trains a student to answer as its teacher does (TinyBERT's and FastFormers' loss).</summary>
static class Distillation
{
    /// <param name="exitOf">The teacher's exit that each exit of the student learns from.</param>
    /// <param name="channels">Of the teacher's states, those that a narrower student has; null: all.</param>
    public static void Train(
        Model student,
        Model teacher,
        DistillationWeights weights,
        Func<int, int> exitOf,
        OperatorContext context,
        Phase? phase = null,
        int[]? channels = null
    )
    {
        if (weights.AreZero)
        {
            return;
        }

        if (student.Config.IsLanguage)
        {
            TrainLanguage(student, teacher, weights, context, phase, channels);
            return;
        }

        IEnumerable<(int Layer, Func<GraphOutput, (Variable, int[]?)> Own, double Weight)> all =
        [
            (Teacher.Embedding, o => (o.Embedding, null), weights.Embedding),
            (teacher.Config.Layers.Count - 1, o => (o.Layers[^1], o.Rows), weights.Last),
        ];
        var states = all.Where(s => s.Weight > 0).ToArray();
        int outputs = teacher.Config.Outputs;
        using Teacher answers = new(teacher, [.. states.Select(s => s.Layer)], context);
        context.Train(
            student,
            pass =>
            {
                Said said = answers.Of(pass.Batch);
                return pass.Tape.WeightedSum([
                    .. pass.Output.Logits.Select(
                        (logits, exit) =>
                            (
                                Soft(pass, logits, said.Exit(exitOf(exit), outputs), weights),
                                (float)weights.Logits
                            )
                    ),
                    .. states.Select(
                        (s, i) =>
                        {
                            var (own, rows) = s.Own(pass.Output);
                            Tensor wanted = said.State(i, rows);
                            return (
                                pass.Tape.MeanSquares(own, Kept.Columns(wanted, channels)),
                                (float)s.Weight
                            );
                        }
                    ),
                    .. weights.Hard == 0
                        ? []
                        : pass.Output.Logits.Select(l =>
                            (TaskLoss.Of(pass, l), (float)weights.Hard)
                        ),
                ]);
            },
            phase
        );
    }

    /// <summary>
    /// Of the next token behind every token; the hidden states where they have a weight. No norm gives them a scale of their own, as
    /// an encoder's have one, so their differences count as a share of the teacher's mean square.
    /// </summary>
    static void TrainLanguage(
        Model student,
        Model teacher,
        DistillationWeights weights,
        OperatorContext context,
        Phase? phase,
        int[]? channels
    )
    {
        using LanguageTeacher answers = new(teacher, weights, context);
        phase ??= new Phase();
        Parameters? fit =
            weights is { Embedding: 0, Last: 0 }
            || student.Config.Hidden == (channels?.Length ?? teacher.Config.Hidden)
                ? null
                : Fit(student.Config, teacher.Config, context.Rng);
        Imitation how = new(
            weights.Logits,
            weights.Hard,
            weights.Temperature,
            weights.Divergence == Divergence.Reverse
        );
        context.Train(
            student,
            pass =>
            {
                Told told = answers.Of(pass.Batch);
                int[] next = pass.Batch.NextTokens();

                // Every exit of the student learns what the whole teacher says.
                List<(Variable, float)> terms =
                [
                    .. pass.Output.Logits.Select(l =>
                        (pass.Tape.Imitate(l, told.Tokens, next, how), 1f)
                    ),
                ];
                Add(pass.Output.Embedding, told.Embedding, weights.Embedding);
                Add(pass.Output.Layers[^1], told.Last, weights.Last);
                return pass.Tape.WeightedSum([.. terms]);

                void Add(Variable own, Tensor? state, double weight)
                {
                    if (state is not null)
                    {
                        Tensor aim = Kept.Columns(state, channels);
                        own = fit is null ? own : Fitted(pass, own);
                        terms.Add(
                            (pass.Tape.MeanSquares(own, aim), (float)(weight / MeanSquare(aim)))
                        );
                    }
                }
            },
            fit is null ? phase : phase with { Beside = fit }
        );
    }

    /// <summary>One linear for hidden states of any layer of a student of another width: to the teacher's (TinyBERT, equations 8 and 9).</summary>
    public static Parameters Fit(ModelConfig student, ModelConfig teacher, Rng rng)
    {
        Tensor weight = new(teacher.Hidden, student.Hidden);
        Rng stream = rng.Split("fit");
        for (int i = 0; i < weight.Count; i++)
        {
            weight.Span[i] = student.InitializerRange * stream.Normal((ulong)i);
        }

        Parameters fit = new();
        fit.Add("fit.weight", weight);
        fit.Add("fit.bias", new Tensor(teacher.Hidden));
        return fit;
    }

    public static Variable Fitted(Pass pass, Variable state) =>
        pass.Tape.Linear(state, pass["fit.weight"], pass["fit.bias"]);

    static double MeanSquare(Tensor state)
    {
        double sum = 0;
        foreach (float value in state.Span)
        {
            sum += (double)value * value;
        }

        return Math.Max(sum / state.Count, double.Epsilon);
    }

    /// <summary>A number has no distribution to match, so regression matches the teacher's number.</summary>
    static Variable Soft(Pass pass, Variable logits, Tensor teacher, DistillationWeights weights) =>
        pass.Model.Config.Regression ? pass.Tape.MeanSquares(logits, teacher)
        : weights.Divergence == Divergence.Forward
            ? pass.Tape.SoftCrossEntropy(logits, teacher, (float)weights.Temperature)
        : pass.Tape.Imitate(
            logits,
            LikelyTokens.Of(pass.Tape.Workers, teacher, teacher.Columns, weights.Temperature),
            pass.Batch.Labels,
            new Imitation(1, 0, weights.Temperature, Reverse: true)
        );

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
            Of(
                "hard",
                "Weight of the task's own loss beside the teacher.",
                w => w.Hard,
                (w, v) => w with { Hard = v }
            ) with
            {
                Later = true,
            },
            Option.Choice<T, Divergence>(
                "kl",
                "Divergence of the logits: from the teacher's side, or from the student's, which keeps to what the teacher finds likely.",
                o => get(o).Divergence,
                (o, v) => with(o, get(o) with { Divergence = v })
            ) with
            {
                Later = true,
            },
            Of(
                "top",
                "Of a language model: how many of its likeliest tokens the teacher names one by one; the others count as one.",
                w => w.Top,
                (w, v) => w with { Top = (int)v },
                1,
                1 << 24
            ) with
            {
                Later = true,
            },
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
