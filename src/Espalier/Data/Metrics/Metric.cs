namespace Espalier.Data.Metrics;

/// <summary>
/// A way to compare predictions with the truth. The values are scikit-learn's and SciPy's where those are
/// defined by their formula; where the formula is 0/0 scikit-learn prints 0 by convention and here the
/// value is null with the reason. <see cref="Confusion"/> has the conventional values.
/// </summary>
public sealed class Metric
{
    public static readonly Metric Accuracy = new("accuracy", "Accuracy", OfClasses(AccuracyOf));

    /// <summary>Of class 1, the positive one of two.</summary>
    public static readonly Metric F1 = new("f1", "F1", OfClasses(F1Of));

    /// <summary>Mean of F1 over the classes that occur in truth or prediction.</summary>
    public static readonly Metric MacroF1 = new("f1_macro", "Macro F1", OfClasses(MacroF1Of));
    public static readonly Metric Matthews = new("matthews", "Matthews", OfClasses(MatthewsOf));
    public static readonly Metric Pearson = new(
        "pearson",
        "Pearson",
        OfScores(Correlation.Pearson)
    );
    public static readonly Metric Spearman = new(
        "spearman",
        "Spearman",
        OfScores(Correlation.Spearman)
    );

    public static IReadOnlyList<Metric> All { get; } =
    [Accuracy, F1, MacroF1, Matthews, Pearson, Spearman];

    readonly Func<string, Confusion, MetricValue>? _ofClasses;
    readonly Func<string, IReadOnlyList<double>, IReadOnlyList<double>, MetricValue>? _ofScores;

    Metric(string name, string title, Measures measures)
    {
        Name = name;
        Title = title;
        (_ofClasses, _ofScores) = measures;
    }

    /// <summary>As it stands in JSON and CSV.</summary>
    public string Name { get; }

    /// <summary>As it stands in tables.</summary>
    public string Title { get; }

    /// <summary>It compares scores, not classes.</summary>
    public bool IsOfScores => _ofScores is not null;

    /// <exception cref="ArgumentException">The metric is one of scores, the lengths differ, or a class is negative.</exception>
    public MetricValue Measure(IReadOnlyList<int> truth, IReadOnlyList<int> prediction) =>
        _ofClasses is not null
            ? _ofClasses(Name, new Confusion(truth, prediction))
            : throw new ArgumentException($"{Name} compares scores; classes were given.");

    /// <exception cref="ArgumentException">The metric is one of classes, or the lengths differ.</exception>
    public MetricValue Measure(IReadOnlyList<double> truth, IReadOnlyList<double> prediction) =>
        _ofScores is not null
            ? _ofScores(Name, truth, prediction)
            : throw new ArgumentException($"{Name} compares classes; scores were given.");

    public override string ToString() => Name;

    static MetricValue AccuracyOf(string name, Confusion counts) =>
        counts.Total == 0 ? NoExamples(name) : MetricValue.Of(name, counts.Accuracy);

    static MetricValue F1Of(string name, Confusion counts) =>
        counts switch
        {
            { Total: 0 } => NoExamples(name),
            { Classes: > 2 } => MetricValue.Undefined(
                name,
                $"F1 of class 1 is one of two classes; class {counts.Classes - 1} occurs"
            ),
            _ when counts.IsAbsent(1) => MetricValue.Undefined(
                name,
                $"neither the {counts.Total} labels nor the predictions hold class 1"
            ),
            _ => MetricValue.Of(name, counts.F1(1)),
        };

    static MetricValue MacroF1Of(string name, Confusion counts) =>
        counts.Total == 0 ? NoExamples(name) : MetricValue.Of(name, counts.MacroF1);

    static MetricValue MatthewsOf(string name, Confusion counts)
    {
        if (counts.Total == 0)
        {
            return NoExamples(name);
        }

        return counts switch
        {
            { OnlyTruth: { } label } => MetricValue.Undefined(
                name,
                $"all {counts.Total} labels are class {label}"
            ),
            { OnlyPrediction: { } label } => MetricValue.Undefined(
                name,
                $"all {counts.Total} predictions are class {label}"
            ),
            _ => MetricValue.Of(name, counts.Matthews),
        };
    }

    static MetricValue NoExamples(string name) =>
        MetricValue.Undefined(name, "there are no examples");

    static Measures OfClasses(Func<string, Confusion, MetricValue> measure) => new(measure, null);

    static Measures OfScores(
        Func<string, IReadOnlyList<double>, IReadOnlyList<double>, MetricValue> measure
    ) => new(null, measure);

    sealed record Measures(
        Func<string, Confusion, MetricValue>? OfClasses,
        Func<string, IReadOnlyList<double>, IReadOnlyList<double>, MetricValue>? OfScores
    );
}
