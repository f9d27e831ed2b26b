using Espalier.Models;
using Espalier.Models.Storage;

namespace Espalier.Operators;

/// <summary>
/// D: a student with fewer layers learns from the model (Xin et al. 2022, section 3; loss of TinyBERT). Student layer i, counted
/// from 1, starts as teacher layer i · L / l (every second one by default), and so do its exits.
/// </summary>
public sealed record Distill : Operator
{
    public override char Letter => 'D';
    public override string Title => "distill into a shallower student";
    public override Group Group => Group.I;
    public override IReadOnlyList<Option> Options => Known;

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Text<Distill>(
            "layers",
            "Layers of the student.",
            "a count (3) or a share (0.5)",
            o => $"{o.Layers}",
            (o, text) => Amount.TryParse(text) is { } amount ? o with { Layers = amount } : null
        ),
        Option.Text<Distill>(
            "student",
            "A checkpoint to start from instead; same vocabulary and width as the teacher.",
            "a folder",
            o => o.Student,
            (o, text) => o with { Student = text }
        ),
        .. Distillation.Options<Distill>(o => o.Weights, (o, w) => o with { Weights = w }),
    ];

    public Amount Layers { get; init; } = Amount.Share(0.5);

    /// <summary>Empty: the teacher's own layers.</summary>
    public string Student { get; init; } = "";
    public DistillationWeights Weights { get; init; } = new(1, 1, 1, 1);

    public override Model Apply(Model model, OperatorContext context)
    {
        int[] layers = Chosen(model.Config.Layers.Count);
        Model student = Student.Length == 0 ? Shallower(model, layers) : Given(model, context);
        int exits = student.Config.ExitCount;
        Distillation.Train(
            student,
            model,
            Weights,
            exit =>
                exits == 1 || !model.Config.HasExits
                    ? model.Config.ExitCount - 1
                    : Mapped(exit, exits, model.Config.ExitCount),
            context
        );
        return student;
    }

    /// <summary>Teacher layers, counted from 0, that the student starts from.</summary>
    public int[] Chosen(int teacherLayers)
    {
        int count = Layers.Of(teacherLayers);
        return [.. Enumerable.Range(0, count).Select(i => Mapped(i, count, teacherLayers))];
    }

    static int Mapped(int student, int students, int teachers) =>
        (int)Math.Round((student + 1) * (double)teachers / students, MidpointRounding.AwayFromZero)
        - 1;

    static Model Shallower(Model model, int[] layers)
    {
        ModelConfig config = model.Config with
        {
            Layers = [.. layers.Select(l => model.Config.Layers[l])],
        };
        Parameters parameters = new();
        foreach (var (name, _) in Names.Of(config))
        {
            parameters.Add(name, model.Parameters[Names.Moved(name, i => layers[i])].Clone());
        }

        return model with
        {
            Config = config,
            Parameters = parameters,
        };
    }

    Model Given(Model model, OperatorContext context)
    {
        Model student = ModelFolder
            .Load(
                Student,
                new Answers(
                    model.Config.Labels,
                    model.Config.Regression,
                    context.Rng.Split("student")
                )
            )
            .Model;
        bool fits =
            student.Config.Vocabulary == model.Config.Vocabulary
            && student.Config.Hidden == model.Config.Hidden;
        return fits
            ? student with
            {
                Traits = model.Traits,
                History = model.History,
                Tokenizer = model.Tokenizer,
            }
            : throw new InvalidDataException(
                $"D: the student {Student} has {student.Config.Vocabulary} tokens and width {student.Config.Hidden}, the teacher "
                    + $"{model.Config.Vocabulary} and {model.Config.Hidden}; they must agree."
            );
    }
}
