using System.CommandLine;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Kernels;
using Espalier.Measuring;

namespace Espalier.Cli.Commands;

/// <summary>Says what this machine has and how fast it is.</summary>
sealed class DoctorCommand : EspalierCommand
{
    readonly CommonOptions _common = new();

    public DoctorCommand()
        : base(
            "doctor",
            "Say what this machine has, which kernels were chosen, and how fast they are."
        )
    {
        Add(_common.Threads);
        Add(_common.Format);
    }

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier doctor", "espalier doctor --threads 1 --format json"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.CheckFormat(parse, problems);
        CommonOptions.CheckKernels(terminal, problems);
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        KernelFamily chosen = CommonOptions.KernelsOf(terminal);
        string? forced = terminal.Environment(KernelFamily.Variable);
        using Workers workers = new(parse.GetValue(_common.Threads));
        Machine machine = Machine.Here(chosen, workers.Threads);
        IReadOnlyList<Speed> speeds = KernelSpeeds.Measure(workers, terminal.Time, stop);
        EnergyMeter energy = new();
        Health health = Health.Here();
        if (_common.IsJson(parse))
        {
            JsonText.Document(
                terminal.Out,
                json =>
                {
                    machine.WriteTo(json);
                    json.Array("features", health.Features, json.WriteStringValue);
                    json.WriteString("kernels_chosen", chosen.Name);
                    json.WriteBoolean("kernels_forced", !string.IsNullOrEmpty(forced));
                    json.WriteString("speed_shape", KernelSpeeds.ShapeText);
                    json.Objects(
                        "kernels",
                        KernelFamily.All,
                        family =>
                        {
                            json.WriteString("name", family.Name);
                            json.WriteString("needs", family.Needs);
                            json.WriteBoolean("supported", family.IsSupported);
                            foreach (Speed speed in speeds.Where(s => s.Family == family))
                            {
                                json.Estimate(speed.Precision + "_gflops", speed.Median);
                            }
                        }
                    );

                    json.WriteStartObject("energy");
                    json.WriteString("origin", energy.Origin.ToString().ToLowerInvariant());
                    json.WriteString("source", energy.Source);
                    json.WriteEndObject();
                    json.WriteStartObject("temporary_folder");
                    json.WriteString("path", health.Temporary);
                    json.WriteBoolean("writable", health.TemporaryProblem is null);
                    json.WriteString("problem", health.TemporaryProblem);
                    json.OptionalNumber("free_bytes", health.FreeBytes);
                    json.WriteEndObject();
                }
            );
            return ExitCode.Ok;
        }

        WriteText(terminal, machine, chosen, forced, speeds, energy, health);
        return ExitCode.Ok;
    }

    static void WriteText(
        Terminal terminal,
        Machine machine,
        KernelFamily chosen,
        string? forced,
        IReadOnlyList<Speed> speeds,
        EnergyMeter energy,
        Health health
    )
    {
        (string, string)[] facts =
        [
            ("processor", machine.Processor),
            ("features", string.Join(" ", health.Features)),
            ("threads", $"{machine.Threads} of {machine.LogicalProcessors} logical processors"),
            (
                "load",
                machine.LoadAverage is { } load ? $"{load:0.00} over the last minute" : "unknown"
            ),
            ("memory", machine.MemoryBytes is { } bytes ? Shown.Bytes(bytes) : "unknown"),
            ("system", $"{machine.OperatingSystem}, {machine.Runtime}"),
            ("espalier", machine.Espalier),
            (
                "kernels",
                chosen.Name
                    + (
                        string.IsNullOrEmpty(forced)
                            ? " (the best here)"
                            : $" (forced by {KernelFamily.Variable})"
                    )
            ),
            ("energy", $"{energy.Origin.ToString().ToLowerInvariant()}: {energy.Source}"),
            (
                "temporary",
                health.TemporaryProblem
                    ?? $"{health.Temporary} is writable"
                        + (health.FreeBytes is { } free ? $", {Shown.Bytes(free)} free" : "")
            ),
        ];
        terminal.Write(facts);
        terminal.Write(
            ["kernels", "needs", "fp32 GF/s", "int8 GF/s", "rounds"],
            KernelFamily.All.Select(f => Row(f, [.. speeds.Where(s => s.Family == f)]))
        );
        terminal.Say(
            $"Products of {KernelSpeeds.ShapeText} on {machine.Threads} threads, median [95 % interval] of interleaved rounds."
        );
    }

    static IReadOnlyList<string> Row(KernelFamily family, Speed[] speeds) =>
        speeds.Length == 0
            ? [family.Name, family.Needs, "not here", "", ""]
            :
            [
                family.Name,
                family.Needs,
                .. speeds.Select(s => Shown.Interval(s.Median, "0.0")),
                $"{speeds[0].Median.N}",
            ];
}
