using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Cli.Commands;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>An export, and how it answers where it was run.</summary>
/// <param name="Path">Of the model's file, as the user will find it.</param>
/// <param name="Task">Whose texts were asked.</param>
sealed record ExportReport(
    string Path,
    long Bytes,
    string Task,
    double Tolerance,
    IReadOnlyList<Agreement> Found,
    Machine Machine
)
{
    /// <summary>Of the JSON document.</summary>
    const int Version = 1;

    public double Difference => Found.Max(a => a.Difference);

    public bool Agrees => Difference <= Tolerance;

    public void Write(Terminal terminal, bool json)
    {
        if (json)
        {
            JsonText.Document(terminal.Out, WriteTo);
            return;
        }

        terminal.Say(
            $"{Shown.Whole(Path)}: {Shown.Bytes(Bytes)}, run by ONNX Runtime {OnnxRuntimeModel.Version} on {Found[0].Texts} texts of {Task}, {Machine.Threads} threads"
        );
        Table().Write(terminal);
    }

    public TextTable Table()
    {
        bool exits = Found[0].EqualExits is not null;
        string[] more = exits ? ["equal exits"] : [];
        return new TextTable(
            [
                new Column("texts"),
                .. TextTable.Numbers([
                    "largest difference of logits",
                    "equal labels",
                    .. more,
                    "ONNX Runtime, ms a text",
                    "Espalier, ms a text",
                ]),
            ],
            Found.Select(a =>
                (string[])
                    [
                        a.Form,
                        $"{a.Difference:0.0e+0}",
                        $"{a.EqualLabels} of {a.Texts}",
                        .. exits ? [$"{a.EqualExits} of {a.Texts}"] : more,
                        Shown.Milliseconds(a.OnnxMilliseconds),
                        Shown.Milliseconds(a.OurMilliseconds),
                    ]
            )
        );
    }

    void WriteTo(Utf8JsonWriter json)
    {
        json.WriteNumber("version", Version);
        json.WriteString("file", Path);
        json.WriteNumber("bytes", Bytes);
        json.WriteString("onnx_runtime", OnnxRuntimeModel.Version);
        json.WriteString("task", Task);
        json.WriteNumber("tolerance", Tolerance);
        json.WriteBoolean("agrees", Agrees);
        json.Objects(
            "texts",
            Found,
            found =>
            {
                json.WriteString("form", found.Form);
                json.WriteNumber("texts", found.Texts);
                json.WriteNumber("largest_difference", found.Difference);
                json.WriteNumber("equal_labels", found.EqualLabels);
                if (found.EqualExits is { } exits)
                {
                    json.WriteNumber("equal_exits", exits);
                }

                json.WriteNumber("onnx_runtime_milliseconds", found.OnnxMilliseconds);
                json.WriteNumber("espalier_milliseconds", found.OurMilliseconds);
            }
        );
        Machine.WriteTo(json);
    }
}
