using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>On what a figure was obtained. Null: the system does not say.</summary>
public sealed record Machine
{
    /// <summary>As the processor calls itself.</summary>
    public required string Processor { get; init; }
    public string? Vendor { get; init; }
    public int? Family { get; init; }
    public int? Model { get; init; }

    /// <summary>That this process may use.</summary>
    public required int LogicalProcessors { get; init; }
    public long? MemoryBytes { get; init; }
    public required string OperatingSystem { get; init; }
    public required string Runtime { get; init; }

    /// <summary>Name of the kernel family that computed.</summary>
    public required string Kernels { get; init; }
    public required int Threads { get; init; }

    /// <summary>Processes that wanted to run, over the last minute before measuring: neighbours of the figures.</summary>
    public double? LoadAverage { get; init; }
    public bool? IsVirtual { get; init; }

    public required string Espalier { get; init; }

    /// <summary>
    /// SHA-256 over what makes times comparable: processor, system, kernels, threads and the version of Espalier, without
    /// the load and the commit.
    /// </summary>
    public string Identity()
    {
        string version = Espalier;
        string?[] parts =
        [
            Processor,
            Vendor,
            $"{Family}.{Model}",
            $"{LogicalProcessors}",
            OperatingSystem,
            Runtime,
            Kernels,
            $"{Threads}",
            $"{IsVirtual}",
            version.Split('+')[0],
        ];
        return Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts)))
        );
    }

    /// <summary>As the field <c>machine</c> of an object, which goes with every result.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WritePropertyName("machine");
        JsonSerializer.Serialize(json, this, MeasurementSchema.Default.Machine);
    }

    /// <param name="proc">Where procfs is; a system without it says less.</param>
    public static Machine Here(KernelFamily kernels, int threads, string proc = "/proc")
    {
        Dictionary<string, string> cpu = Fields(Path.Combine(proc, "cpuinfo"));
        Dictionary<string, string> memory = Fields(Path.Combine(proc, "meminfo"));
        return new Machine
        {
            Processor =
                cpu.GetValueOrDefault("model name")
                ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
                ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Vendor = cpu.GetValueOrDefault("vendor_id") ?? cpu.GetValueOrDefault("CPU implementer"),
            Family = Number(cpu.GetValueOrDefault("cpu family")),
            Model = Number(cpu.GetValueOrDefault("model") ?? cpu.GetValueOrDefault("CPU part")),
            LogicalProcessors = Environment.ProcessorCount,
            MemoryBytes =
                Numeral.TryWhole(
                    memory.GetValueOrDefault("MemTotal")?.Replace(" kB", ""),
                    out long kibibytes
                ) && kibibytes is >= 0 and <= long.MaxValue >> 10
                    ? kibibytes << 10
                    : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            OperatingSystem = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            Kernels = kernels.Name,
            Threads = threads,
            LoadAverage = Load(proc),
            // The flag exists on x86 alone: its absence elsewhere says nothing.
            IsVirtual = cpu.GetValueOrDefault("flags")?.Split(' ').Contains("hypervisor"),
            Espalier =
                typeof(Machine)
                    .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                    ?.InformationalVersion
                ?? "unknown",
        };
    }

    /// <summary>Processes that wanted to run, over the last minute; null where the system does not say.</summary>
    public static double? Load(string proc = "/proc") =>
        Numeral.TryReal(Text(Path.Combine(proc, "loadavg"))?.Split(' ')[0], out double one)
        && one >= 0
            ? one
            : null;

    /// <summary>Lines <c>name : value</c>; of several processors the first.</summary>
    static Dictionary<string, string> Fields(string path)
    {
        Dictionary<string, string> fields = [];
        foreach (string line in Text(path)?.Split('\n') ?? [])
        {
            int colon = line.IndexOf(':');
            if (colon > 0)
            {
                fields.TryAdd(line[..colon].Trim(), line[(colon + 1)..].Trim());
            }
        }

        return fields;
    }

    static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Decimal, or hexadecimal after 0x as Arm's part numbers are.</summary>
    static int? Number(string? text)
    {
        bool hex = text?.StartsWith("0x", StringComparison.Ordinal) == true;
        return int.TryParse(
            hex ? text![2..] : text,
            hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int number
        )
            ? number
            : null;
    }
}
