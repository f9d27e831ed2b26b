using System.Text.Json;
using Espalier.Data;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>What evaluate found, and how it is written.</summary>
sealed record Evaluation(
    string Model,
    TaskDefinition Task,
    string Split,
    int MaxLength,
    IReadOnlyList<EffortAnswers> Answers,
    bool DynamicLength,
    Machine Machine
)
{
    /// <summary>Of the JSON document.</summary>
    const int Version = 1;

    public void Write(Terminal terminal, bool json)
    {
        if (json)
        {
            JsonText.Document(terminal.Out, WriteTo);
            return;
        }

        terminal.Out.WriteLine(
            $"{Shown.Whole(Model)} on {Shown.Whole(Task.Name)} ({Split}, {Answers[0].Exits.Count} examples)"
        );
        terminal.Write(
            ["effort", .. Task.Metrics.Select(m => $"{m.Title} (95 %)"), "layers", "multiply-adds"],
            Answers.Select(at =>
                (IReadOnlyList<string>)
                    [
                        $"{at.Effort}",
                        .. at.Measure(Task.Metrics).Select(Cell),
                        $"{at.AverageLayers:0.00}",
                        $"{at.AverageMultiplyAdds(DynamicLength, MaxLength) / 1e6:0.0} M",
                    ]
            )
        );
        if (
            Answers[0]
                .Measure(Task.Metrics)
                .Select(q => q.Covers)
                .OfType<string>()
                .FirstOrDefault() is
            { } covers
        )
        {
            terminal.Out.WriteLine($"In brackets: 95 % intervals, for {covers}.");
        }
    }

    void WriteTo(Utf8JsonWriter json)
    {
        json.WriteNumber("version", Version);
        json.WriteString("model", Model);
        json.WriteString("task", Task.Name);
        json.WriteString("split", Split);
        json.WriteNumber("examples", Answers[0].Exits.Count);
        json.WriteNumber("max_length", MaxLength);
        json.WriteStartArray("efforts");
        foreach (EffortAnswers at in Answers)
        {
            json.WriteStartObject();
            json.WriteString("effort", $"{at.Effort}");
            json.WriteStartObject("metrics");
            foreach (Quality quality in at.Measure(Task.Metrics))
            {
                json.WriteStartObject(quality.Metric);
                json.OptionalNumber("value", quality.Value);
                json.OptionalNumber("low", quality.Low);
                json.OptionalNumber("high", quality.High);
                json.WriteNumber("n", quality.N);
                json.WriteString("why_undefined", quality.WhyUndefined);
                json.WriteString("covers", quality.Covers);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteNumber("average_layers", at.AverageLayers);
            json.WriteNumber(
                "average_multiply_adds",
                at.AverageMultiplyAdds(DynamicLength, MaxLength)
            );
            json.WriteEndObject();
        }

        json.WriteEndArray();
        MachineReport.WriteTo(json, Machine);
    }

    static string Cell(Quality quality) =>
        quality.Value is not { } value ? $"undefined: {quality.WhyUndefined}"
        : quality is { Low: { } low, High: { } high }
            ? $"{value:0.0000} [{low:0.000}, {high:0.000}]"
        : $"{value:0.0000}";
}
