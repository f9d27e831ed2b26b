using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Cli.Commands;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>What bench found, and how it is written.</summary>
sealed record SpeedReport(string Model, ModelSpeeds Speeds, Machine Machine)
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
            $"{Shown.Whole(Model)}: median of {Speeds.Rounds} interleaved rounds [95 % interval], "
                + $"{Machine.Threads} threads, kernels {Machine.Kernels}"
        );
        terminal.Write(
            ["batch", "precision", "ms per batch", "examples/s", "of peak", "memory"],
            Speeds.Rows.Select(row =>
                new[]
                {
                    $"{row.Shape}",
                    row.Format.Name,
                    Shown.Milliseconds(row.MillisecondsPerBatch),
                    $"{row.ExamplesPerSecond:0}",
                    row.ShareOfPeak is { } share ? $"{100 * share.Value:0} %" : "not timed",
                    Shown.Bytes(row.PackedBytes),
                }
            )
        );
        terminal.Say("Peaks, on registers alone: " + string.Join("; ", Speeds.Peaks.Select(Cell)));
        terminal.Say(
            $"{Machine.Processor}, {Machine.Runtime}, Espalier {Machine.Espalier}, "
                + $"load {Machine.LoadAverage?.ToString("0.0") ?? "unknown"} at the start."
        );
        terminal.Tell(Notes());
    }

    /// <summary>What the reader should know before believing the table.</summary>
    internal IReadOnlyList<string> Notes()
    {
        List<string> notes = [];
        if (!Speeds.Settled)
        {
            notes.Add(
                "Time ran out before every interval was within 5 % of its median; a quieter machine gives narrower ones."
            );
        }

        foreach (ModelSpeed row in Speeds.Rows)
        {
            ModelSpeed? plain = Speeds.Rows.FirstOrDefault(r =>
                r.Shape == row.Shape && r.Format.Name == "fp32"
            );
            if (plain is not null && row.MillisecondsPerBatch.Low > plain.MillisecondsPerBatch.High)
            {
                notes.Add($"{row.Format.Name} is slower than fp32 at {row.Shape} on this machine.");
            }
        }

        return notes;
    }

    void WriteTo(Utf8JsonWriter json)
    {
        json.WriteNumber("version", Version);
        json.WriteString("model", Model);
        json.WriteNumber("rounds", Speeds.Rounds);
        json.WriteBoolean("settled", Speeds.Settled);
        json.Objects(
            "rows",
            Speeds.Rows,
            row =>
            {
                json.WriteNumber("examples", row.Shape.Examples);
                json.WriteNumber("tokens", row.Shape.Tokens);
                json.WriteString("precision", row.Format.Name);
                json.WriteString("kernels", row.Format.Kernels.Name);
                json.Estimate("milliseconds_per_batch", row.MillisecondsPerBatch);
                json.WriteNumber("examples_per_second", row.ExamplesPerSecond);
                json.WriteNumber("operations_per_batch", row.Operations);
                json.Estimate("share_of_peak", row.ShareOfPeak);
                json.WriteNumber("packed_bytes", row.PackedBytes);
            }
        );

        json.Objects(
            "peaks",
            Speeds.Peaks,
            peak =>
            {
                json.WriteString("precision", peak.Format.Name);
                json.WriteString("instruction", peak.Format.Peak!.Instruction);
                json.Estimate("giga_operations_per_second", peak.GigaOperations);
            }
        );

        json.Array("notes", Notes(), json.WriteStringValue);
        Machine.WriteTo(json);
    }

    static string Cell(PeakSpeed peak) =>
        $"{peak.Format.Name} {peak.GigaOperations.Value:0} GOP/s ({peak.Format.Peak!.Instruction})";
}
