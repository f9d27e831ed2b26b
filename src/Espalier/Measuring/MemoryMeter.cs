using System.Diagnostics;
using System.Text.Json.Serialization;
using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>Over which time a peak is the highest.</summary>
public enum PeakScope
{
    /// <summary>While the work ran.</summary>
    [JsonStringEnumMemberName("work")]
    Work,

    /// <summary>Since the process started: an upper bound, which earlier work may have set.</summary>
    [JsonStringEnumMemberName("process")]
    Process,
}

/// <summary>
/// Most memory of the whole process that was resident at once. It holds all that the process has loaded, other
/// models included; what tells models apart is <c>Session.Bytes</c>, which is exact.
/// </summary>
/// <param name="Before">Resident when the work began; null where unknown.</param>
public sealed record PeakMemory(long Bytes, long? Before, PeakScope Scope);

/// <summary>Peak memory from the kernel's books; on other systems than Linux from the peak of the process.</summary>
/// <param name="process">Folder of the process in procfs.</param>
public sealed class MemoryMeter(string process = "/proc/self")
{
    // The kernel keeps resident pages in counters per thread and adds them up late, so the two figures differ a little.
    const long CounterSlack = 4 << 20;

    readonly string _status = Path.Combine(process, "status");
    readonly string _reset = Path.Combine(process, "clear_refs");

    /// <summary>Peak while the work runs where the kernel lets us reset its mark, else of the process so far.</summary>
    /// <returns>Null where the system tells nothing.</returns>
    public PeakMemory? During(Action work)
    {
        bool reset = TryReset();
        long? before = Read("VmRSS:");
        reset = reset && Read("VmHWM:") <= before + CounterSlack;
        work();
        return Read("VmHWM:") is { } peak
                ? new PeakMemory(peak, before, reset ? PeakScope.Work : PeakScope.Process)
            : OfProcess() is var whole and > 0 ? new PeakMemory(whole, null, PeakScope.Process)
            : null;
    }

    /// <summary>Linux since 4.0: "5" sets the mark of the most resident memory to what is resident now.</summary>
    bool TryReset()
    {
        try
        {
            using FileStream file = new(_reset, FileMode.Open, FileAccess.Write);
            file.Write("5"u8);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A line such as <c>VmHWM:	 29276 kB</c> in bytes.</summary>
    long? Read(string field)
    {
        try
        {
            foreach (string line in File.ReadLines(_status))
            {
                if (line.StartsWith(field, StringComparison.Ordinal))
                {
                    string number = line[field.Length..].Replace("kB", "").Trim();
                    return
                        Numeral.TryWhole(number, out long kibibytes)
                        && kibibytes is >= 0 and <= long.MaxValue >> 10
                        ? kibibytes << 10
                        : null;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The figure is absent, as where there is no such file.
        }

        return null;
    }

    static long OfProcess()
    {
        try
        {
            using Process self = Process.GetCurrentProcess();
            return self.PeakWorkingSet64;
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or InvalidOperationException
                        or System.ComponentModel.Win32Exception
            )
        {
            return 0;
        }
    }
}
