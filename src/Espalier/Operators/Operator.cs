using Espalier.Models;

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

/// <summary>
/// Takes a model, gives a model; nothing else changes one. The options are the properties of the record;
/// two equal records do the same to the same model.
/// </summary>
public abstract record Operator
{
    /// <summary>How a pipeline names it.</summary>
    public abstract char Letter { get; }

    /// <summary>The field's word for it.</summary>
    public abstract string Title { get; }

    public abstract Group Group { get; }

    /// <summary>Grows whenever the same options would give another model; stage keys contain it.</summary>
    public virtual int Version => 1;

    /// <summary>What may stand in brackets, in the order it is written.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>The operators with their defaults, in the order that the pipeline of all of them has.</summary>
    public static IReadOnlyList<Operator> All { get; } =
    [
        new FineTune(),
        new TrimVocabulary(),
        new Distill(),
        new EarlyExit(),
        new Prune(),
        new DynamicLength(),
        new Quantize(),
    ];

    /// <summary>Files and folders that the options name: their content decides the result, not their place.</summary>
    public virtual IReadOnlyList<string> Inputs => [];

    /// <summary>The model after this operator; the given one is left as it is.</summary>
    public abstract Model Apply(Model model, OperatorContext context);

    /// <summary>Every option with its value, defaults included, but for <see cref="Inputs"/>: part of a stage key.</summary>
    public string Canonical() =>
        $"{Letter}({string.Join(",", Options.Where(o => !Inputs.Contains(o.Get(this))).Select(o => $"{o.Name}={o.Get(this)}"))})";

    /// <summary>As a pipeline writes it: options that differ from the defaults in brackets.</summary>
    public sealed override string ToString()
    {
        Operator plain = All.First(o => o.Letter == Letter);
        string[] written =
        [
            .. Options
                .Where(o => o.Get(this) != o.Get(plain))
                .Select(o => $"{o.Name}={o.Get(this)}"),
        ];
        return written.Length == 0 ? $"{Letter}" : $"{Letter}({string.Join(",", written)})";
    }
}
