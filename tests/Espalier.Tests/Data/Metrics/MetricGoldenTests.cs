using System.Text.Json;
using Espalier.Data.Metrics;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Data.Metrics;

[Trait("tier", "golden")]
public sealed class MetricGoldenTests
{
    public static TheoryData<string> Cases =>
        [.. Lines().Select(line => line.RootElement.GetProperty("case").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Metrics_equal_those_of_scikit_learn_and_SciPy(string name)
    {
        JsonElement golden = Lines()
            .Single(line => line.RootElement.GetProperty("case").GetString() == name)
            .RootElement;
        if (golden.TryGetProperty("pearson", out JsonElement pearson))
        {
            double tolerance = name == "large_offset" ? 1e-6 : 1e-9;
            double[] truth = Array<double>(golden, "truth");
            double[] prediction = Array<double>(golden, "prediction");
            Compare(pearson, Metric.Pearson.Measure(truth, prediction), tolerance);
            Compare(
                golden.GetProperty("spearman"),
                Metric.Spearman.Measure(truth, prediction),
                tolerance
            );
            return;
        }

        int[] classes = Array<int>(golden, "truth");
        int[] predicted = Array<int>(golden, "prediction");
        Confusion counts = new(classes, predicted);
        Close(golden.GetProperty("accuracy").GetDouble(), counts.Accuracy);
        Close(golden.GetProperty("f1_macro").GetDouble(), counts.MacroF1);
        Close(golden.GetProperty("matthews").GetDouble(), counts.Matthews);
        MetricValue f1 = Metric.F1.Measure(classes, predicted);
        if (golden.GetProperty("f1_binary").ValueKind == JsonValueKind.Null)
        {
            Assert.Null(f1.Value);
        }
        else
        {
            Close(golden.GetProperty("f1_binary").GetDouble(), counts.F1(1));
        }

        // The reported values are these, but where scikit-learn puts 0 for 0/0 they say why there is none.
        MetricValue matthews = Metric.Matthews.Measure(classes, predicted);
        bool oneClass = classes.Distinct().Count() < 2 || predicted.Distinct().Count() < 2;
        Assert.Equal(oneClass, matthews.Value is null);
        Close(matthews.Value ?? golden.GetProperty("matthews").GetDouble(), counts.Matthews);
        Close(f1.Value ?? counts.F1(1), counts.F1(1));
        Close(counts.Accuracy, Metric.Accuracy.Measure(classes, predicted).Value!.Value);
        Close(counts.MacroF1, Metric.MacroF1.Measure(classes, predicted).Value!.Value);
    }

    static void Compare(JsonElement expected, MetricValue actual, double tolerance)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            Assert.Null(actual.Value);
            Assert.NotNull(actual.WhyUndefined);
            return;
        }

        Assert.Null(actual.WhyUndefined);
        Close(expected.GetDouble(), actual.Value!.Value, tolerance);
    }

    static void Close(double expected, double actual, double tolerance = 1e-9) =>
        Assert.True(
            Math.Abs(expected - actual) <= tolerance,
            $"{actual:R} is {Math.Abs(expected - actual):E2} from {expected:R}"
        );

    static IEnumerable<JsonDocument> Lines() =>
        File.ReadLines(Golden.Path("metrics", "metrics.jsonl"))
            .Select(line => JsonDocument.Parse(line));

    static T[] Array<T>(JsonElement golden, string name) =>
        golden.GetProperty(name).Deserialize<T[]>()!;
}
