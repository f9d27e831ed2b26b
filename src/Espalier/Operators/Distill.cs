using Espalier.Models;
using Espalier.Models.Storage;

namespace Espalier.Operators;

/// <summary>
/// D: a student with fewer layers learns from the model (Xin et al. 2022, section 3; loss of TinyBERT). Student layer i, counted
/// from 1, starts as teacher layer i · L / l (every second one by default), and so do its exits.
/// </summary>
public sealed record Distill()
    : Operator('D', "one-stage", "distill into a shallower student", Group.I, Known)
{
    public override Effects Effects => Effects.FewerLayers;
    public override double Keeps => Layers.Value;

    static readonly double[] Depths = [0.34, 0.5, 0.67];

    /// <summary>Three depths; those that are the same number of layers count once.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        [
            .. new[] { Layers }
                .Concat(Depths.Select(Amount.Share))
                .DistinctBy(a => a.Of(config.Layers.Count))
                .Where(a => a.Of(config.Layers.Count) < config.Layers.Count)
                .Select(a => this with { Layers = a }),
        ];

    public override IReadOnlyList<OrderRule> Rules =>
        [OrderRule.TrainingFirst, NotBehindPruning, OrderRule.Once];

    const string Pointless =
        "D after P is pointless: D starts a new student, and what P took out comes back.";

    internal static OrderRule NotBehindPruning { get; } =
        new(Pointless, (_, before) => before.Any(o => o.Letter == 'P') ? Pointless : null);

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Amount<Distill>(
            "layers",
            "Layers of the student.",
            3,
            o => o.Layers,
            (o, amount) => o with { Layers = amount }
        ),
        Option.Text<Distill>(
            "student",
            "A checkpoint to start from instead; same vocabulary and width as the teacher, of a language model any family and width.",
            "a folder",
            o => o.Student,
            (o, text) => o with { Student = text }
        ),
        .. Distillation.Options<Distill>(o => o.Weights, (o, w) => o with { Weights = w }),
        .. TextSource.Options<Distill>(o => o.Text, (o, t) => o with { Text = t }),
    ];

    public Amount Layers { get; init; } = Amount.Share(0.5);

    public override IReadOnlyList<string> Inputs =>
        [.. Student.Length > 0 ? [Student] : Array.Empty<string>(), .. Text.Inputs];

    public override int? Writes => Text.Written;

    /// <summary>Empty: the teacher's own layers.</summary>
    public string Student { get; init; } = "";
    public DistillationWeights Weights { get; init; } = new(1, 1, 1, 1);
    public TextSource Text { get; init; } = TextSource.Task;

    public override string? Problem(ModelConfig config) => Text.Problem(this, config);

    public override Model Apply(Model model, OperatorContext context)
    {
        context = Text.For(model, context);
        Model student = Begin(model, context);
        Distillation.Train(student, model, Weights, ExitOf(student, model), context);
        return student;
    }

    /// <summary>The student before it has learned anything.</summary>
    /// <param name="anyWidth">Whether one that is given may be of another width than the teacher.</param>
    internal Model Begin(Model model, OperatorContext context, bool anyWidth = false) =>
        Student.Length == 0
            ? (Kept.All(model.Config) with { Layers = Chosen(model.Config.Layers.Count) }).Of(model)
            : Given(model, context, anyWidth);

    /// <summary>The teacher's exit that each exit of a student learns from.</summary>
    internal static Func<int, int> ExitOf(Model student, Model teacher)
    {
        int exits = student.Config.ExitCount;
        return exit =>
            exits == 1 || !teacher.Config.HasExits
                ? teacher.Config.ExitCount - 1
                : Mapped(exit, exits, teacher.Config.ExitCount);
    }

    /// <summary>Teacher layers, counted from 0, that the student starts from.</summary>
    public int[] Chosen(int teacherLayers)
    {
        int count = Layers.Of(teacherLayers);
        return [.. Enumerable.Range(0, count).Select(i => Mapped(i, count, teacherLayers))];
    }

    internal static int Mapped(int student, int students, int teachers) =>
        (int)Math.Round((student + 1) * (double)teachers / students, MidpointRounding.AwayFromZero)
        - 1;

    Model Given(Model model, OperatorContext context, bool anyWidth)
    {
        bool language = model.Config.IsLanguage;
        LoadedModel loaded = ModelFolder.Load(
            Student,
            language
                ? null
                : new Answers(
                    model.Config.Labels,
                    model.Config.Regression,
                    context.Rng.Split("student")
                )
        );
        foreach (string note in loaded.Notes)
        {
            context.Note?.Invoke($"{Student}: {note}");
        }

        ModelConfig config = loaded.Model.Config;
        anyWidth |= language;
        (string What, object Has, object Wants)[] facts =
        [
            language
                ? ("answers next tokens", config.IsLanguage, true)
                : ("family", config.Family.ModelType, model.Config.Family.ModelType),
            ("tokens in the vocabulary", config.Vocabulary, model.Config.Vocabulary),
            ("width", anyWidth ? "any" : config.Hidden, anyWidth ? "any" : model.Config.Hidden),
            ("early exits", config.HasExits, model.Config.HasExits),
        ];
        foreach (var (what, has, wants) in facts)
        {
            if (!has.Equals(wants))
            {
                throw new InvalidDataException(
                    $"D: {what} of the student {Student}: {has}; of the teacher: {wants}; they must agree."
                );
            }
        }

        if (
            config.MaxLength < context.Task.MaxLength
            || !language && config.Layers.Count > model.Config.Layers.Count
        )
        {
            throw new InvalidDataException(
                $"D: the student {Student} has {config.Layers.Count} layers and reads {config.MaxLength} tokens; at most "
                    + $"{model.Config.Layers.Count} layers and at least {context.Task.MaxLength} tokens are wanted (--max-length)."
            );
        }

        return loaded.Model with
        {
            Config = config with { PadId = model.Config.PadId },
            Traits = model.Traits,
            History = model.History,
            Tokenizer = model.Tokenizer,
        };
    }
}
