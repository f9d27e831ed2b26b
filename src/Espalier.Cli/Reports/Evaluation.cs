using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Reports;

/// <summary>What a model is worth at one effort; the answers themselves are not kept.</summary>
sealed record EvaluatedEffort(
    Effort Effort,
    IReadOnlyList<Quality> Qualities,
    double AverageLayers,
    double AverageMultiplyAdds
)
{
    public static EvaluatedEffort Of(
        EffortAnswers answers,
        IReadOnlyList<Metric> metrics,
        bool dynamicLength,
        int maxLength
    ) =>
        new(
            answers.Effort,
            answers.Measure(metrics),
            answers.AverageLayers,
            answers.AverageMultiplyAdds(dynamicLength, maxLength)
        );
}

/// <summary>What evaluate found, and how it is written.</summary>
sealed record Evaluation(
    string Model,
    TaskDefinition Task,
    string Split,
    int MaxLength,
    int Examples,
    IReadOnlyList<EvaluatedEffort> Efforts,
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

        terminal.Say(
            $"{Shown.Whole(Model)} on {Shown.Whole(Task.Name)} ({Split}, {Examples} examples)"
        );
        terminal.Write(
            ["effort", .. Task.Metrics.Select(m => $"{m.Title} (95 %)"), "layers", "multiply-adds"],
            Efforts.Select(at =>
                (IReadOnlyList<string>)
                    [
                        $"{at.Effort}",
                        .. at.Qualities.Select(Cell),
                        $"{at.AverageLayers:0.00}",
                        $"{at.AverageMultiplyAdds / 1e6:0.0} M",
                    ]
            )
        );
        if (
            Efforts[0].Qualities.Select(q => q.Covers).OfType<string>().FirstOrDefault() is
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
        json.WriteNumber("examples", Examples);
        json.WriteNumber("max_length", MaxLength);
        json.Objects(
            "efforts",
            Efforts,
            at =>
            {
                json.WriteString("effort", $"{at.Effort}");
                json.WriteStartObject("metrics");
                foreach (Quality quality in at.Qualities)
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
                json.WriteNumber("average_multiply_adds", at.AverageMultiplyAdds);
            }
        );

        Machine.WriteTo(json);
    }

    static string Cell(Quality quality) =>
        quality.Value is not { } value ? $"undefined: {quality.WhyUndefined}"
        : quality is { Low: { } low, High: { } high }
            ? $"{value:0.0000} [{low:0.000}, {high:0.000}]"
        : $"{value:0.0000}";
}
