using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Analysis;

/// <summary>Measurements with made-up figures, as a study would give them.</summary>
static class Records
{
    public static Measurement Of(
        string pipeline,
        double quality,
        double milliseconds,
        ulong seed = 1,
        string effort = "full",
        string task = "mrpc",
        double? joules = null,
        long? bytes = null
    ) =>
        new()
        {
            Pipeline = pipeline,
            Stage = pipeline[^1..],
            Task = task,
            Split = "test",
            Effort = Effort.Parse(effort),
            Seeds = [seed],
            Examples = 400,
            Metrics = [new Quality("accuracy", quality, null, null, 400, null)],
            AverageLayers = milliseconds,
            AverageMultiplyAdds = 1e6 * milliseconds,
            BatchSize = 1,
            TimedExamples = 32,
            MillisecondsPerExample = Measured(milliseconds),
            JoulesPerExample = joules is { } j ? Measured(j) : null,
            EnergySource = joules is null ? null : "made up",
            PackedBytes = bytes,
            Absent =
            [
                new AbsentFigure("core_seconds_per_example", "made up"),
                new AbsentFigure("disk_bytes", "made up"),
                new AbsentFigure("peak_memory", "made up"),
                .. joules is null
                    ? (AbsentFigure[])[new AbsentFigure("joules_per_example", "made up")]
                    : [],
                .. bytes is null
                    ? (AbsentFigure[])[new AbsentFigure("packed_bytes", "made up")]
                    : [],
            ],
            Machine = new Machine
            {
                Processor = "made up",
                LogicalProcessors = 2,
                OperatingSystem = "Linux",
                Runtime = ".NET 10",
                Kernels = "reference",
                Threads = 2,
                Espalier = "1.0",
            },
        };

    static Estimate Measured(double value) =>
        new(value, 0.99 * value, 1.01 * value, 11, Origin.Measured) { Coverage = 0.95 };
}
