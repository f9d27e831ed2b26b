using System.Runtime.Intrinsics.X86;

namespace Espalier.Cli.Commands;

/// <summary>Facts of this machine that no measurement needs and a user in trouble does.</summary>
/// <param name="Features">Of the processor, those that kernels use or may come to use.</param>
/// <param name="TemporaryProblem">Why nothing can be written there; null: it can.</param>
sealed record Health(
    IReadOnlyList<string> Features,
    string Temporary,
    string? TemporaryProblem,
    long? FreeBytes
)
{
    const string CpuInfo = "/proc/cpuinfo";

    // As Linux calls them.
    static readonly string[] Interesting =
    [
        "sse4_2",
        "avx2",
        "fma",
        "avx512f",
        "avx512bw",
        "avx512dq",
        "avx512vl",
        "avx512_vnni",
        "avx_vnni",
        "avx512_bf16",
        "amx_tile",
        "amx_int8",
        "amx_bf16",
        "asimd",
        "asimddp",
        "i8mm",
        "bf16",
    ];

    public static Health Here()
    {
        string temporary = Path.GetTempPath();
        try
        {
            string probe = Path.Combine(temporary, $"espalier-doctor-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return new Health(
                FeaturesHere(),
                temporary,
                null,
                new DriveInfo(temporary).AvailableFreeSpace
            );
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Health(FeaturesHere(), temporary, e.Message, null);
        }
    }

    static IReadOnlyList<string> FeaturesHere()
    {
        HashSet<string> has = [.. FlagsOfSystem()?.Split(' ') ?? NamesOfRuntime()];
        return [.. Interesting.Where(has.Contains)];
    }

    static string? FlagsOfSystem()
    {
        try
        {
            return File.ReadLines(CpuInfo)
                .FirstOrDefault(l =>
                    l.StartsWith("flags", StringComparison.Ordinal)
                    || l.StartsWith("Features", StringComparison.Ordinal)
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Where the system does not say, what the runtime found.</summary>
    static IEnumerable<string> NamesOfRuntime()
    {
        (bool Has, string Name)[] found =
        [
            (Sse42.IsSupported, "sse4_2"),
            (Avx2.IsSupported, "avx2"),
            (Fma.IsSupported, "fma"),
            (Avx512F.IsSupported, "avx512f"),
            (Avx512BW.IsSupported, "avx512bw"),
            (Avx512DQ.IsSupported, "avx512dq"),
        ];
        return found.Where(f => f.Has).Select(f => f.Name);
    }
}
