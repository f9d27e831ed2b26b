using Espalier.Kernels;
using Espalier.Measuring;

namespace Espalier.Tests.Measuring;

public sealed class MachineTests : IDisposable
{
    readonly ScratchFolder _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Processor_memory_and_load_come_from_procfs()
    {
        _proc.Write(
            "cpuinfo",
            "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
                + "model name\t: AMD EPYC\nflags\t\t: fpu hypervisor avx2\n\n"
                + "processor\t: 1\nvendor_id\t: Other\nmodel name\t: Other\n"
        );
        _proc.Write("meminfo", "MemTotal:       5368709120 kB\nMemFree: 1 kB\n");
        _proc.Write("loadavg", "4.12 3.68 2.64 4/166 18293\n");
        Machine machine = Machine.Here(KernelFamily.Best, 2, _proc.Root);
        Assert.Equal("AMD EPYC", machine.Processor);
        Assert.Equal(("AuthenticAMD", 25, 17), (machine.Vendor, machine.Family, machine.Model));
        Assert.Equal(5368709120L * 1024, machine.MemoryBytes);
        Assert.Equal(4.12, machine.LoadAverage);
        Assert.True(machine.IsVirtual);
        Assert.Equal((KernelFamily.Best.Name, 2), (machine.Kernels, machine.Threads));
        Assert.Equal(Environment.ProcessorCount, machine.LogicalProcessors);
        Assert.StartsWith("0.", machine.Espalier);
        Assert.Contains(".NET", machine.Runtime);
    }

    [Fact]
    public void Arm_names_itself_by_part_and_does_not_say_whether_it_is_virtual()
    {
        _proc.Write("cpuinfo", "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
        Machine machine = Machine.Here(KernelFamily.Best, 1, _proc.Root);
        Assert.Equal(("0x41", 0xd0c), (machine.Vendor, machine.Model));
        Assert.Null(machine.IsVirtual);
    }

    [Fact]
    public void What_the_system_does_not_say_is_null()
    {
        Machine machine = Machine.Here(KernelFamily.Best, 1, _proc["missing"]);
        Assert.NotEmpty(machine.Processor);
        Assert.Null(machine.Vendor);
        Assert.Null(machine.Family);
        Assert.Null(machine.LoadAverage);
        Assert.Null(machine.IsVirtual);
        Assert.True(machine.MemoryBytes > 0);
    }

    [Fact]
    public void Peak_is_that_of_the_work_where_the_mark_can_be_reset()
    {
        Status(peak: 900, resident: 900);
        _proc.Write("clear_refs", "");
        PeakMemory? peak = new MemoryMeter(_proc.Root).During(() =>
            Status(peak: 5000, resident: 700)
        );
        Assert.Equal(new PeakMemory(5000 * 1024, 900 * 1024, PeakScope.Work), peak);
        Assert.Equal("5", File.ReadAllText(_proc["clear_refs"]));
    }

    [Fact]
    public void Peak_is_that_of_the_process_where_the_mark_stays()
    {
        // The kernel takes the reset and does nothing.
        Status(peak: 90_000, resident: 900);
        _proc.Write("clear_refs", "");
        PeakMemory? ignored = new MemoryMeter(_proc.Root).During(() => { });
        Assert.Equal(new PeakMemory(90_000 * 1024, 900 * 1024, PeakScope.Process), ignored);

        File.Delete(_proc["clear_refs"]);
        PeakMemory? refused = new MemoryMeter(_proc.Root).During(() => { });
        Assert.Equal(ignored, refused);
        Assert.False(File.Exists(_proc["clear_refs"]));
    }

    [Theory]
    [InlineData("cpuinfo")]
    [InlineData("meminfo")]
    [InlineData("loadavg")]
    [InlineData("status")]
    public void A_file_of_the_system_that_is_missing_or_no_file_is_an_absent_figure(string name)
    {
        Status(peak: 900, resident: 900);
        foreach (string file in (string[])["cpuinfo", "meminfo", "loadavg", "status"])
        {
            if (file == name)
            {
                File.Delete(_proc[name]);
                Directory.CreateDirectory(_proc[name]);
            }
            else if (file != "status")
            {
                _proc.Write(file, "nonsense");
            }
        }

        Machine machine = Machine.Here(KernelFamily.Best, 1, _proc.Root);
        Assert.Null(machine.LoadAverage);
        Assert.True(machine.MemoryBytes > 0);
        Assert.NotNull(new MemoryMeter(_proc.Root).During(() => { }));
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public void A_load_that_is_no_number_is_absent(string load)
    {
        _proc.Write("loadavg", load + " 0 0");
        Assert.Null(Machine.Here(KernelFamily.Best, 1, _proc.Root).LoadAverage);
    }

    [Fact]
    public void Real_peak_sees_memory_that_is_held_while_working()
    {
        byte[] held = [];
        PeakMemory? peak = new MemoryMeter().During(() =>
        {
            held = GC.AllocateUninitializedArray<byte>(64 << 20, pinned: true);
            Array.Fill(held, (byte)1);
        });
        Assert.NotNull(peak);
        Assert.True(peak.Bytes >= held.Length, $"{peak} with {held.Length} bytes touched");
    }

    void Status(long peak, long resident) =>
        _proc.Write(
            "status",
            $"Name:\tx\nVmPeak:\t 1 kB\nVmHWM:\t {peak} kB\nVmRSS:\t {resident} kB\n"
        );
}
