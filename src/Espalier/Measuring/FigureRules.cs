using System.Globalization;
using Espalier.Checkpoints;

namespace Espalier.Measuring;

/// <summary>
/// What a measurement that was read must hold, beyond the kinds of its fields: no list without its entries, and no figure
/// that nothing could have measured. Whoever draws or compares trusts it.
/// </summary>
static class FigureRules
{
    // Far beyond every figure there is, and far from where quotients and squares of doubles end.
    const double Most = 1e15;
    const double Least = 1e-15;
    const int LongestText = 4096;

    /// <summary>The first field that is broken, with what was expected of it; null: none.</summary>
    public static string? Broken(Measurement m) => Lists(m) ?? Texts(m) ?? Figures(m);

    static string? Lists(Measurement m)
    {
        if (
            m.Seeds is null
            || m.Metrics is not { Count: > 0 }
            || m.Absent is null
            || m.Figures is null
        )
        {
            string missing =
                m.Seeds is null ? "seeds"
                : m.Absent is null ? "absent"
                : m.Figures is null ? "figures"
                : "metrics";
            return $"field '{missing}' is missing or empty; an array was expected";
        }

        for (int i = 0; i < m.Metrics.Count; i++)
        {
            if (m.Metrics[i] is not { Metric.Length: > 0 })
            {
                return $"field 'metrics[{i}]' is null or has no name; a metric with its value was expected";
            }
        }

        for (int i = 0; i < m.Absent.Count; i++)
        {
            if (m.Absent[i] is not { Figure: not null, Why: not null })
            {
                return $"field 'absent[{i}]' is null or lacks a field; a figure and why it is absent were expected";
            }
        }

        return m.Metrics.Select(q => q.Metric).Distinct().Count() < m.Metrics.Count
            ? "field 'metrics' names a metric twice; each was expected once"
            : null;
    }

    static string? Texts(Measurement m)
    {
        (string Field, string Text)[] texts =
        [
            ("pipeline", m.Pipeline),
            ("stage", m.Stage),
            ("task", m.Task),
            ("split", m.Split),
            ("machine.processor", m.Machine.Processor),
            ("machine.kernels", m.Machine.Kernels),
        ];
        foreach (var (field, text) in texts)
        {
            if (text.Length is 0 or > LongestText)
            {
                return $"field '{field}' has {text.Length} characters; 1 to {LongestText} were expected";
            }
        }

        return null;
    }

    static string? Figures(Measurement m)
    {
        for (int i = 0; i < m.Metrics.Count; i++)
        {
            Quality metric = m.Metrics[i];
            foreach (
                var (part, value) in ((string, double?)[])
                    [("value", metric.Value), ("low", metric.Low), ("high", metric.High)]
            )
            {
                if (value is { } there && !(Math.Abs(there) <= Most))
                {
                    return Outside($"metrics[{i}].{part}", there, "a finite number");
                }
            }
        }

        (string Field, double? Value, double Least)[] figures =
        [
            ("examples", m.Examples, 1),
            ("batch_size", m.BatchSize, 1),
            ("timed_examples", m.TimedExamples, 1),
            ("machine.logical_processors", m.Machine.LogicalProcessors, 1),
            ("machine.threads", m.Machine.Threads, 1),
            ("machine.memory_bytes", m.Machine.MemoryBytes, 0),
            ("machine.load_average", m.Machine.LoadAverage, 0),
        ];
        foreach (var (field, value, least) in figures)
        {
            if (value is { } there && !(there >= least && there <= Most))
            {
                return Outside(field, there, $"a finite number of at least {least}");
            }
        }

        foreach (var (name, figure) in m.Figures)
        {
            if (
                name.Length is 0 or > LongestText
                || figure is not { Unit.Length: > 0 and <= LongestText }
            )
            {
                return $"figure {Printable.Escape($"'{name}'")} is null or has no name or unit; one that has was expected";
            }

            // No answer takes no time; a coarse clock may count no time of the processor, and no energy with it.
            if (
                Of($"figures.{name}", figure, name == Figure.Milliseconds ? Least : 0) is { } broken
            )
            {
                return broken;
            }
        }

        return null;
    }

    static string? Of(string field, Figure figure, double least)
    {
        if (!IsFigure(figure.Value, least))
        {
            string expected = least > 0 ? "a number above 0" : "a number of at least 0";
            return Outside($"{field}.value", figure.Value, expected);
        }

        bool isSpan =
            IsFigure(figure.Low ?? figure.Value, least)
            && IsFigure(figure.High ?? figure.Value, least)
            && !(figure.Low > figure.High);
        return !isSpan
                ? $"field '{field}' has an interval from {Text(figure.Low)} to {Text(figure.High)}; "
                    + "one of such figures, its lower end first, was expected"
            : figure.N < 0 ? Outside($"{field}.n", figure.N, "a number of observations")
            : figure.Coverage is { } coverage && !(coverage is >= 0 and <= 1)
                ? Outside($"{field}.coverage", coverage, "a number from 0 to 1")
            : null;
    }

    /// <summary>Nothing at all where that may be, or so much that a quotient of two is a number.</summary>
    static bool IsFigure(double value, double least) =>
        value == 0 ? least == 0 : value >= Least && value <= Most;

    static string Outside(string field, double value, string expected) =>
        $"field '{field}' is {Text(value)}; {expected} was expected";

    static string Text(double? value) =>
        Printable.Escape(value?.ToString("R", CultureInfo.InvariantCulture) ?? "null");
}
