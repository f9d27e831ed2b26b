using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Walk;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// D(tinybert): both stages of TinyBERT's task-specific distillation (Jiao et al. 2020, section 3.2): first the attention scores and
/// hidden states of each layer (equations 7 to 9), then the answers (equation 10). Student layer m learns from teacher layer m · L / l.
/// Data augmentation is not part of it.
/// </summary>
public sealed record TinyBert()
    : Operator('D', "tinybert", "distil layer by layer, then the answers", Group.I, Known)
{
    public override Effects Effects => Effects.FewerLayers;
    public override double Keeps => Layers.Value;

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    public override IReadOnlyList<OrderRule> Rules => new Distill().Rules;

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Amount<TinyBert>(
            "layers",
            "Layers of the student.",
            3,
            o => o.Layers,
            (o, amount) => o with { Layers = amount }
        ),
        Option.Text<TinyBert>(
            "student",
            "A checkpoint to start from instead; same vocabulary and heads as the teacher, of any width.",
            "a folder",
            o => o.Student,
            (o, text) => o with { Student = text }
        ),
        Option.Number<TinyBert>(
            "epochs",
            "Epochs of the first stage; the second takes those of the recipe.",
            1,
            1000,
            o => o.Epochs,
            (o, value) => o with { Epochs = (int)value }
        ),
        Option.Number<TinyBert>(
            "temperature",
            "Softens both sides' logits in the second stage.",
            0.1,
            100,
            o => o.Temperature,
            (o, value) => o with { Temperature = value }
        ),
    ];

    public Amount Layers { get; init; } = Amount.Share(0.5);
    public string Student { get; init; } = "";
    public int Epochs { get; init; } = 10;
    public double Temperature { get; init; } = 1;

    public override IReadOnlyList<string> Inputs => Student.Length > 0 ? [Student] : [];

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage
            ? "D(tinybert) imitates what an encoder attends to and then its classifier; a language model is distilled by D."
            : null;

    public override Model Apply(Model model, OperatorContext context)
    {
        Distill start = new() { Layers = Layers, Student = Student };
        Model student = start.Begin(model, context, anyWidth: true);
        ModelConfig own = student.Config,
            teacher = model.Config;
        int[] layers =
        [
            .. Enumerable
                .Range(0, own.Layers.Count)
                .Select(i => Distill.Mapped(i, own.Layers.Count, teacher.Layers.Count)),
        ];
        for (int i = 0; i < layers.Length; i++)
        {
            int has = own.Layers[i].Attention.Heads,
                wants = teacher.Layers[layers[i]].Attention.Heads;
            if (has != wants)
            {
                throw new InvalidDataException(
                    $"D(tinybert): layer {i} of the student has {has} heads and learns from layer {layers[i]} of the teacher with {wants}; "
                        + "their attention scores can be compared head by head alone."
                );
            }
        }

        Parameters? fit =
            own.Hidden == teacher.Hidden ? null : Distillation.Fit(own, teacher, context.Rng);
        Seen<Variable> seen = new();
        Shown shown = new(Teacher.Whole(model), context);
        context.Train(
            student,
            pass => Alike(pass, seen, shown.Of(pass.Batch), layers, fit is not null),
            new Phase
            {
                Options = context.Training with { Epochs = Epochs },
                Beside = fit,
                See = seen,
            }
        );
        Distillation.Train(
            student,
            model,
            new DistillationWeights(1, 0, 0, Temperature),
            Distill.ExitOf(student, model),
            context,
            new Phase { Name = "prediction" }
        );
        return student;
    }

    static Variable Alike(
        Pass pass,
        Seen<Variable> own,
        Seen<Tensor> teacher,
        int[] layers,
        bool fits
    )
    {
        Tape tape = pass.Tape;
        Sequences sequences = new(pass.Batch.Starts, pass.Batch.Count);
        Variable Fitted(Variable x) => fits ? Distillation.Fitted(pass, x) : x;
        List<(Variable, float)> terms =
        [
            (tape.MeanSquares(Fitted(own.First!), teacher.First!), 1f),
        ];
        for (int i = 0; i < layers.Length; i++)
        {
            var (q, k) = own.Queries[i];
            AttentionForm form = pass.Model.Config.Layers[i].Attention.Form;
            terms.Add((tape.ScoreLoss(q, k, teacher.Queries[layers[i]].Q, sequences, form), 1f));
            terms.Add((tape.MeanSquares(Fitted(own.States[i]), teacher.States[layers[i]]), 1f));
        }

        return tape.WeightedSum([.. terms]);
    }

    /// <summary>What went through a model: embeddings, queries and keys (of the teacher their scores), states.</summary>
    sealed class Seen<T> : ISee<T>
    {
        public T? First { get; set; }
        public List<(T Q, T K)> Queries { get; } = [];
        public List<T> States { get; } = [];

        public void Embedding(T x)
        {
            First = x;
            Queries.Clear();
            States.Clear();
        }

        public void Scores(int layer, T q, T k) => Queries.Add((q, k));

        public void State(int layer, T x) => States.Add(x);
    }

    /// <summary>The teacher, asked for each batch anew: all its states and scores would not fit in memory.</summary>
    sealed class Shown(Model teacher, OperatorContext context) : ISee<Columns>
    {
        readonly Session _session = new(teacher, context.Workers, context.Kernels, padTo: null);
        readonly Seen<Tensor> _seen = new();
        Sequences _sequences;

        public Seen<Tensor> Of(Batch batch)
        {
            _sequences = new Sequences(batch.Starts, batch.Count);
            Tensor logits = new(batch.Count, teacher.Config.ExitCount * teacher.Config.Outputs);
            _session.RunAllExits(batch, logits, this);
            return _seen;
        }

        public void Embedding(Columns x) => _seen.Embedding(x.Tensor.Clone());

        public void Scores(int layer, Columns q, Columns k)
        {
            AttentionForm form = teacher.Config.Layers[layer].Attention.Form;
            int count = checked((int)_sequences.ProbabilitiesStart(_sequences.Count, form.Heads));
            Tensor scores = new(1, count);
            AttentionCall call = new(q, k, k, _sequences, form);
            context.Kernels.Attention.Scores(context.Workers, call, scores);
            _seen.Scores(layer, scores, scores);
        }

        public void State(int layer, Columns x) => _seen.State(layer, x.Tensor.Clone());
    }
}
