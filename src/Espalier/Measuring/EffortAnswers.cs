using System.Text.Json.Serialization;
using Espalier.Data.Metrics;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>A metric over n examples, with its interval where one is known without resampling (accuracy: Wilson 1927).</summary>
public sealed record Quality(
    string Metric,
    double? Value,
    double? Low,
    double? High,
    int N,
    string? WhyUndefined
)
{
    const string Sampling =
        "which examples are in the split; not the seed of training, not other data";

    /// <summary>What may be assumed of it.</summary>
    [JsonIgnore]
    public Metric Kind => Data.Metrics.Metric.Named(Metric);

    /// <summary>On the scale on which values are compared: more is better. Null where it is undefined.</summary>
    [JsonIgnore]
    public double? Worth => Value is { } value ? Kind.Worth(value) : null;

    /// <summary>What the interval covers, in words; null: there is none.</summary>
    public string? Covers => Low is null ? null : Sampling;
}

/// <summary>What a model answers at one effort, from a record of all its exits.</summary>
public sealed class EffortAnswers
{
    readonly ExitRecord _record;

    internal EffortAnswers(ExitRecord record, Effort effort, int[] exits)
    {
        (_record, Effort, Exits) = (record, effort, exits);
        Classes =
            record.Config.Regression || record.Config.IsLanguage
                ? []
                : [.. exits.Select((exit, i) => Effort.Largest(record.Logits(i, exit)))];
        Numbers = record.Config.Regression
            ? [.. exits.Select((exit, i) => (double)record.Logits(i, exit)[0])]
            : [];
    }

    public Effort Effort { get; }

    /// <summary>At which each example left, counted from 0; of a language model with exits the place of the effort.</summary>
    public IReadOnlyList<int> Exits { get; }

    /// <summary>Layers that each example went through.</summary>
    public IReadOnlyList<double> LayersPassed =>
        [.. Exits.Select((exit, i) => _record.Layers(i, exit))];

    /// <summary>Predicted class of each example; empty for regression and of a language model.</summary>
    public IReadOnlyList<int> Classes { get; }

    /// <summary>Predicted number of each example; empty for classification.</summary>
    public IReadOnlyList<double> Numbers { get; }

    /// <summary>Layers that an example went through, on average.</summary>
    public double AverageLayers => LayersPassed.Average();

    /// <summary>
    /// Multiply-adds of the layers an example went through, on average. Classifiers are not counted: they see one row.
    /// </summary>
    /// <param name="padTo">As given to the session; a model with dynamic length is never padded.</param>
    public double AverageMultiplyAdds(bool dynamicLength, int? padTo)
    {
        ModelConfig config = _record.Config;
        if (_record.Efforts is not null)
        {
            return Exits.Select((place, i) => _record.MultiplyAdds(i, place)!.Value).Average();
        }

        int least = dynamicLength || padTo is null ? 0 : Math.Min(padTo.Value, config.MaxLength);
        return Exits
            .Select(
                (exit, i) => (double)config.MultiplyAdds(Math.Max(least, _record.Tokens(i)), exit)
            )
            .Average();
    }

    /// <exception cref="ArgumentException">The examples have no labels, or a metric is not of this kind of model.</exception>
    public IReadOnlyList<Quality> Measure(IReadOnlyList<Metric> metrics) =>
        [.. metrics.Select(Measure)];

    public Quality Measure(Metric metric)
    {
        if (_record.Config.IsLanguage)
        {
            return WindowQuality.Of(
                metric,
                [.. Exits.Select((exit, i) => _record.Counts(i, exit))]
            );
        }

        if (_record.Config.Regression)
        {
            return Of(
                metric.Measure(
                    [.. Examples.Select(i => _record.Score(i) ?? throw Unlabelled(i))],
                    Numbers
                ),
                null
            );
        }

        int[] truth = [.. Examples.Select(i => _record.Label(i) ?? throw Unlabelled(i))];
        MetricValue value = metric.Measure(truth, Classes);
        int right = truth.Where((label, i) => label == Classes[i]).Count();
        return Of(value, metric.IsBinomial ? Interval.Wilson(right, truth.Length) : null);
    }

    Quality Of(MetricValue value, Interval? interval) =>
        new(
            value.Name,
            value.Value,
            interval?.Low,
            interval?.High,
            _record.Count,
            value.WhyUndefined
        );

    IEnumerable<int> Examples => Enumerable.Range(0, _record.Count);

    static ArgumentException Unlabelled(int example) =>
        new(
            $"Example {example} has no label, so quality cannot be measured on it; give a labelled split."
        );
}
