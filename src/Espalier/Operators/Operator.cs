using Espalier.Data;
using Espalier.Models;
using Espalier.Operators.MixedPrecision;
using Espalier.Operators.Sparse;

namespace Espalier.Operators;

/// <summary>When an operator may stand in a pipeline.</summary>
public enum Group
{
    /// <summary>Fine-tuning and vocabulary trimming: before everything that learns from the result.</summary>
    Start,

    /// <summary>Trains; comes before group II.</summary>
    I,

    /// <summary>Needs no training; comes last.</summary>
    II,
}

/// <summary>What an operator does to a model that whoever predicts, measures or tells of it must know.</summary>
[Flags]
public enum Effects
{
    None = 0,

    /// <summary>There are classifiers behind earlier layers, so that the model has efforts.</summary>
    Exits = 1,

    /// <summary>The first exit stays where it is, and there is less behind it.</summary>
    FewerLayers = 2,

    /// <summary>Texts are no longer padded to one length, as the original's are.</summary>
    NoPadding = 4,

    FewerBits = 8,
}

/// <summary>
/// How much an operator is believed to change each figure before anybody measured it: 1 as one that trains does, 0 not at all.
/// What a search starts from.
/// </summary>
public sealed record Touch(double Quality = 1, double Time = 1, double Size = 1);

/// <summary>
/// Takes a model, gives a model; nothing else changes one. The options are the properties of the record;
/// two equal records do the same to the same model.
/// </summary>
/// <param name="Letter">How a pipeline names it.</param>
/// <param name="Method">The way of doing what the letter stands for; a pipeline names it unless it is the letter's default.</param>
/// <param name="Title">The field's word for it.</param>
/// <param name="Options">What may stand in brackets, in the order it is written.</param>
public abstract record Operator(
    char Letter,
    string Method,
    string Title,
    Group Group,
    IReadOnlyList<Option> Options
)
{
    /// <summary>Grows whenever the same options would give another model; stage keys contain it.</summary>
    public virtual int Version => 1;

    /// <summary>
    /// Every method of every letter with its defaults, in the order that the pipeline of all of them has. The first of a letter
    /// is its default, which is meant where no method is written.
    /// </summary>
    public static IReadOnlyList<Operator> All { get; } =
    [
        new FineTune(),
        new AsDownloaded(),
        new TrimVocabulary(),
        new Distill(),
        new TinyBert(),
        new EarlyExit(),
        new Prune(),
        new Minitron(),
        new Newton(),
        new Magnitude(),
        new Wanda(),
        new SparseGpt(),
        new DynamicLength(),
        new PowerBert(),
        new Quantize(),
        new Gptq(),
        new Awq(),
        new Mixed(),
    ];

    /// <summary>One for each letter, with its default method.</summary>
    public static IReadOnlyList<Operator> Letters { get; } = [.. All.DistinctBy(o => o.Letter)];

    /// <summary>Where the letter stands in the pipeline of all of them.</summary>
    public int Place => Letters.TakeWhile(o => o.Letter != Letter).Count();

    /// <summary>What a pipeline begins with that names no original.</summary>
    public static Operator Original => All[0];

    /// <summary>What it begins with where the task says so: a language model comes trained for what a corpus asks.</summary>
    public static Operator OriginalFor(TaskKind kind) =>
        kind is Corpus ? All.First(o => o.KeepsClassifier) : Original;

    /// <summary>Files and folders that the options name: their content decides the result, not their place.</summary>
    public virtual IReadOnlyList<string> Inputs => [];

    /// <summary>Whether it makes the original, which every figure is compared with.</summary>
    public virtual bool IsOriginal => false;

    /// <summary>Whether it makes another model by training: what takes the time, and has luck of its own.</summary>
    public virtual bool Trains => Group == Group.I;

    /// <summary>Whether it leaves the checkpoint's answers as they are, so that it must be one that answers the task.</summary>
    public virtual bool KeepsClassifier => false;

    /// <summary>Tokens of text that a model writes for it to train on; null: it trains on the task's data.</summary>
    public virtual int? Writes => null;

    public virtual Effects Effects => Effects.None;

    public virtual Touch Touches => new();

    /// <summary>A sentence that belongs beside its figures; null: they speak for themselves.</summary>
    public virtual string? Remark => null;

    /// <summary>Share of the model that stays, roughly: only the order of an operator's variants matters.</summary>
    public virtual double Keeps => 1;

    /// <summary>What a search tries of it on such a model; nothing where it is not searched.</summary>
    public virtual IReadOnlyList<Operator> Variants(ModelConfig config) => IsOriginal ? [] : [this];

    /// <summary>What it asks of the operators before it.</summary>
    public virtual IReadOnlyList<OrderRule> Rules =>
        IsOriginal ? [OrderRule.First] : [OrderRule.TrainingFirst, OrderRule.Once];

    /// <summary>Why it cannot be applied to such a model, in a sentence that says what to do; null: it can.</summary>
    public virtual string? Problem(ModelConfig config) => null;

    /// <summary>The model after this operator; the given one is left as it is.</summary>
    public abstract Model Apply(Model model, OperatorContext context);

    public bool Has(Effects effect) => Effects.HasFlag(effect);

    /// <summary>The letter, with the method in brackets where it is not the default.</summary>
    public string Name => Written([]);

    /// <summary>Every option with its value, defaults included, but for <see cref="Inputs"/>: part of a stage key.</summary>
    public string Canonical() =>
        Written(
            Options.Where(o =>
                !Inputs.Contains(o.Get(this)) && !(o.Later && o.Get(this) == o.Get(Plain))
            ),
            "()"
        );

    /// <summary>As a pipeline writes it: options that differ from the defaults in brackets.</summary>
    public sealed override string ToString() =>
        Written(Options.Where(o => o.Get(this) != o.Get(Plain)));

    /// <summary>The one of <see cref="All"/>: the same method with its defaults.</summary>
    public Operator Plain => Of(Letter, Method)!;

    /// <summary>A letter's method with its defaults; null: there is no such.</summary>
    /// <param name="method">Null: the default.</param>
    public static Operator? Of(char letter, string? method = null) =>
        All.FirstOrDefault(o => o.Letter == letter && (method ?? o.Method) == o.Method);

    /// <summary>The operator that a text names, with its defaults, whatever options the text gives it.</summary>
    public static Operator Of(string written)
    {
        string first = written.Split('(', ',', ')') is [_, var inside, ..] ? inside.Trim() : "";
        return Of(written[0], first.Length == 0 || first.Contains('=') ? null : first)
            ?? throw new ArgumentException($"'{written}' is no operator.");
    }

    string Written(IEnumerable<Option> options, string empty = "")
    {
        string[] parts =
        [
            .. Of(Letter)!.Method == Method ? [] : new[] { Method },
            .. options.Select(o => $"{o.Name}={o.Get(this)}"),
        ];
        return parts.Length == 0 ? Letter + empty : $"{Letter}({string.Join(",", parts)})";
    }
}
