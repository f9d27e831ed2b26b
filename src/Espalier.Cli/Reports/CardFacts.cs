using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Espalier.Checkpoints;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Runs;

namespace Espalier.Cli.Reports;

/// <summary>What is known of a model from the files about it: what its run measured, and the licence that its card names.</summary>
/// <param name="Measured">At every effort, cheapest first; empty where no run tells.</param>
/// <param name="Licence">As the hub writes it, <c>apache-2.0</c>; null: no card names one.</param>
sealed partial record CardFacts(IReadOnlyList<Measurement> Measured, string? Licence)
{
    const long MostBytes = 1 << 20;
    const long MostRunBytes = 256 << 20;

    /// <param name="place">The model's folder. Where it is a stage of a run, the run's file lies beside it.</param>
    public static CardFacts Of(string place)
    {
        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(place));
        string run = Path.Combine(Path.GetDirectoryName(whole)!, RunFolder.JsonName),
            card = Path.Combine(whole, ModelCard.Name);
        return new CardFacts(
            // Without the stage's own file the one beside it is of something else.
            File.Exists(Path.Combine(whole, RunFolder.KeyName)) && File.Exists(run)
                ? MeasuredAs(run, Path.GetFileName(whole))
                : [],
            File.Exists(card) ? LicenceIn(card) : null
        );
    }

    static IReadOnlyList<Measurement> MeasuredAs(string run, string folder)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                RegularFile.ReadAll(run, "what a run measured", MostRunBytes)
            );
            return
            [
                .. document
                    .RootElement.GetProperty("stages")
                    .EnumerateArray()
                    .Where(s => s.GetProperty("folder").GetString() == folder)
                    .SelectMany(s => s.GetProperty("curve").EnumerateArray())
                    .Select(m => Measurement.Read(run, m)),
            ];
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{run}: it is not as a run writes it, and the stage's card should tell what it measured; give the run's command again, or export a copy of the stage's folder from elsewhere.",
                e
            );
        }
    }

    static string? LicenceIn(string card)
    {
        string text = Encoding.UTF8.GetString(RegularFile.ReadAll(card, "a model card", MostBytes));
        return Front().Match(text) is { Success: true } found ? found.Groups[1].Value : null;
    }

    [GeneratedRegex(@"\A---\r?\n(?:(?!---).*\n)*?license:\s*([\w.-]+)\s*\n")]
    private static partial Regex Front();

    /// <summary>Fields of the card's head: results as the hub's model-index has them.</summary>
    public string Head(string name, string task)
    {
        StringBuilder head = new();
        if (Licence is not null)
        {
            head.Append($"license: {Licence}\n");
        }

        if (Measured is [.., var full])
        {
            head.Append(
                $"model-index:\n- name: {Quoted(name)}\n  results:\n  - task:\n      type: {task}\n    dataset:\n"
                    + $"      name: {Quoted(full.Task)}\n      type: {Quoted(full.Task)}\n      split: {Quoted(full.Split)}\n    metrics:\n"
            );
            foreach (Quality quality in full.Metrics.Where(q => q.Value is not null))
            {
                head.Append(
                    FormattableString.Invariant(
                        $"    - type: {quality.Metric}\n      value: {quality.Value:0.####}\n"
                    )
                );
            }
        }

        return head.ToString();
    }

    /// <summary>The section of the card; empty where nothing was measured.</summary>
    public string Section()
    {
        if (Measured is not [var first, ..])
        {
            return "";
        }

        string table = new TextTable(
            [
                .. TextTable.Words("effort"),
                .. TextTable.Numbers([
                    .. first.Metrics.Select(m => m.Kind.Header()),
                    $"ms/{first.Primary.Kind.Per}",
                    $"mJ/{first.Primary.Kind.Per}",
                ]),
            ],
            Measured.Select(m =>
                (string[])
                    [
                        $"{m.Effort}",
                        .. m.Metrics.Select(Shown.Interval),
                        m.Milliseconds is { } time ? Shown.Milliseconds(time) : "",
                        m.Joules is { } joules ? $"{1000 * joules.Value:0.00}" : "",
                    ]
            )
        ).Markdown();
        return $"""
            ## What was measured

            By Espalier, before the export, on {first.Examples} {first.Split} examples of {TextTable.Cell(
                first.Task
            )}, seed {string.Join(
                ", ",
                first.Seeds
            )}; in brackets 95 % intervals. {first.Machine.Processor}, {first.Machine.Threads} threads. Energy: {first.EnergySource}.

            {table}

            """;
    }

    static string Quoted(string text) => JsonSerializer.Serialize(text);
}
