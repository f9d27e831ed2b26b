using System.Text.Json;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>The machine record that goes with every result.</summary>
static class MachineReport
{
    public static void WriteTo(Utf8JsonWriter json, Machine machine)
    {
        json.WriteStartObject("machine");
        json.WriteString("processor", machine.Processor);
        json.WriteString("vendor", machine.Vendor);
        json.OptionalNumber("family", machine.Family);
        json.OptionalNumber("model", machine.Model);
        json.WriteNumber("logical_processors", machine.LogicalProcessors);
        json.OptionalNumber("memory_bytes", machine.MemoryBytes);
        json.WriteString("operating_system", machine.OperatingSystem);
        json.WriteString("runtime", machine.Runtime);
        json.WriteString("kernels", machine.Kernels);
        json.WriteNumber("threads", machine.Threads);
        json.OptionalNumber("load_average", machine.LoadAverage);
        if (machine.IsVirtual is { } isVirtual)
        {
            json.WriteBoolean("is_virtual", isVirtual);
        }
        else
        {
            json.WriteNull("is_virtual");
        }

        json.WriteString("espalier", machine.Espalier);
        json.WriteEndObject();
    }
}
