namespace Espalier.Data.Metrics;

/// <summary>
/// A way to compare predictions with the truth, and all that may be assumed of its values: which are better, between which
/// they lie, how differences count, where their noise comes from and how they are printed. The values are scikit-learn's and
/// SciPy's where those are defined by their formula; where the formula is 0/0 scikit-learn prints 0 by convention and here the
/// value is null with the reason. <see cref="Confusion"/> has the conventional values.
/// </summary>
/// <param name="Name">As it stands in JSON and CSV.</param>
/// <param name="Title">As it stands in tables.</param>
public sealed record Metric(string Name, string Title)
{
    public static readonly Metric Accuracy = new("accuracy", "Accuracy")
    {
        IsBinomial = true,
        IsPercent = true,
        To = 1,
        OfClasses = AccuracyOf,
    };

    /// <summary>Of class 1, the positive one of two.</summary>
    public static readonly Metric F1 = new("f1", "F1")
    {
        IsPercent = true,
        To = 1,
        OfClasses = F1Of,
    };

    /// <summary>Mean of F1 over the classes that occur in truth or prediction.</summary>
    public static readonly Metric MacroF1 = F1 with
    {
        Name = "f1_macro",
        Title = "Macro F1",
        OfClasses = MacroF1Of,
    };
    public static readonly Metric Matthews = new("matthews", "Matthews")
    {
        From = -1,
        To = 1,
        OfClasses = MatthewsOf,
    };
    public static readonly Metric Pearson = new("pearson", "Pearson")
    {
        From = -1,
        To = 1,
        OfScores = Correlation.Pearson,
    };
    public static readonly Metric Spearman = Pearson with
    {
        Name = "spearman",
        Title = "Spearman",
        OfScores = Correlation.Spearman,
    };

    /// <summary>Of a text: e to the mean of −ln p of its tokens.</summary>
    public static readonly Metric Perplexity = new("perplexity", "Perplexity")
    {
        MoreIsBetter = false,
        From = 1,
        IsLogarithmic = true,
        Per = "token",
        Over = "windows",
        OfTokens = PerplexityOf,
    };

    /// <summary>Share of a text's tokens that were the likeliest. Those beside each other depend on each other, so it is not binomial.</summary>
    public static readonly Metric NextToken = new("next_token_accuracy", "Next token")
    {
        IsPercent = true,
        To = 1,
        Over = "windows",
        OfTokens = (name, counts) =>
            counts.Scored == 0
                ? NoTokens(name)
                : MetricValue.Of(name, counts.Right / counts.Scored),
    };

    public static IReadOnlyList<Metric> All { get; } =
    [Accuracy, F1, MacroF1, Matthews, Pearson, Spearman, Perplexity, NextToken];

    Func<string, Confusion, MetricValue>? OfClasses { get; init; }
    Func<string, IReadOnlyList<double>, IReadOnlyList<double>, MetricValue>? OfScores { get; init; }

    Func<string, TokenCounts, MetricValue>? OfTokens { get; init; }

    public bool MoreIsBetter { get; init; } = true;

    /// <summary>No value is below.</summary>
    public double From { get; init; }

    /// <summary>No value is above.</summary>
    public double To { get; init; } = double.PositiveInfinity;

    /// <summary>Ratios count, not differences: values are averaged, joined by lines and drawn by their logarithms.</summary>
    public bool IsLogarithmic { get; init; }

    /// <summary>A share of right answers to n examples, so that its sampling error is known; of others it is measured or not known.</summary>
    public bool IsBinomial { get; init; }

    /// <summary>Printed as percent, and differences as points; else as a number.</summary>
    public bool IsPercent { get; init; }

    /// <summary>Of what models that are measured by it have a time and an energy: a language model's time is that of a token it writes.</summary>
    public string Per { get; init; } = "example";

    /// <summary>What of a split it is taken over, each of which may be drawn again: of a text its windows.</summary>
    public string Over { get; init; } = "examples";

    /// <summary>It is of the tokens of a text.</summary>
    public bool IsOfText => OfTokens is not null;

    /// <summary>It compares scores, not classes.</summary>
    public bool IsOfScores => OfScores is not null;

    /// <summary>Quotients of two values mean something, so that what operators do to it multiplies; else it adds.</summary>
    public bool HasRatios => From >= 0;

    /// <summary>The metric of that name; of one that nobody knows nothing is assumed but that more is better.</summary>
    public static Metric Named(string name) =>
        All.FirstOrDefault(m => m.Name == name)
        ?? new Metric(name, name) { From = double.NegativeInfinity };

    /// <summary>
    /// Where a value lies on the scale on which values are compared: more is better, and equal differences count alike, on
    /// the logarithmic scale as ratios do.
    /// </summary>
    public double Worth(double value) =>
        (MoreIsBetter ? 1 : -1) * (IsLogarithmic ? Math.Log(value) : value);

    /// <summary>The value of that worth; what lies beyond the metric's bounds is at them.</summary>
    public double Value(double worth) =>
        Within(
            IsLogarithmic
                ? Math.Exp(MoreIsBetter ? worth : -worth)
                : (MoreIsBetter ? worth : -worth)
        );

    public double Within(double value) => Math.Clamp(value, From, To);

    /// <summary>By how much a value is worse than another, as a share of that where ratios mean something; below 0 it is better.</summary>
    public double Behind(double value, double other) =>
        (MoreIsBetter ? other - value : value - other)
        / (HasRatios ? Math.Max(Math.Abs(other), double.Epsilon) : 1);

    /// <summary>What was done to a value: the logarithm of the ratio, or where that means nothing the difference. Null where it cannot be told.</summary>
    public double? Effect(double value, double original) =>
        !HasRatios ? value - original
        : value / original is > 0 and var ratio && double.IsFinite(ratio) ? Math.Log(ratio)
        : null;

    /// <summary>What two operators leave that leave so much alone: the effects of both.</summary>
    public double Combined(double one, double other, double original) =>
        Within(HasRatios ? one * (other / original) : one + other - original);

    /// <summary>Where <see cref="Effect"/>s add up.</summary>
    public double Level(double value) => HasRatios ? Math.Log(value) : value;

    /// <summary>The value at that level, within the bounds.</summary>
    public double AtLevel(double level) => Within(HasRatios ? Math.Exp(level) : level);

    /// <exception cref="ArgumentException">It is not of classes, the lengths differ, or a class is negative.</exception>
    public MetricValue Measure(IReadOnlyList<int> truth, IReadOnlyList<int> prediction) =>
        OfClasses is not null
            ? OfClasses(Name, new Confusion(truth, prediction))
            : throw new ArgumentException($"{Name} compares {Compared}; classes were given.");

    /// <exception cref="ArgumentException">It is not of scores, or the lengths differ.</exception>
    public MetricValue Measure(IReadOnlyList<double> truth, IReadOnlyList<double> prediction) =>
        OfScores is not null
            ? OfScores(Name, truth, prediction)
            : throw new ArgumentException($"{Name} compares {Compared}; scores were given.");

    /// <exception cref="ArgumentException">It is not of the tokens of a text.</exception>
    public MetricValue Measure(TokenCounts counts) =>
        OfTokens is not null
            ? OfTokens(Name, counts)
            : throw new ArgumentException($"{Name} compares {Compared}; tokens were given.");

    string Compared =>
        OfClasses is not null ? "classes"
        : IsOfScores ? "scores"
        : "tokens";

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

    static MetricValue PerplexityOf(string name, TokenCounts counts) =>
        counts.Scored == 0 ? NoTokens(name)
        : Math.Exp(counts.LogLoss / counts.Scored) is var value && double.IsFinite(value)
            ? MetricValue.Of(name, Math.Max(1, value))
        : MetricValue.Undefined(
            name,
            $"the mean −ln p of a token is {counts.LogLoss / counts.Scored:G4}, of which no number is the power"
        );

    static MetricValue NoTokens(string name) =>
        MetricValue.Undefined(name, "no token has one in front of it");

    static MetricValue NoExamples(string name) =>
        MetricValue.Undefined(name, "there are no examples");
}
