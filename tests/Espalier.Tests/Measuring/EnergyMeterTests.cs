using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

public sealed class EnergyMeterTests : IDisposable
{
    readonly ScratchFolder _sys = new();

    public void Dispose() => _sys.Dispose();

    [Fact]
    public void Packages_count_once_and_their_parts_not_again()
    {
        Zone("intel-rapl:0", "package-0", 1000);
        Zone("intel-rapl:0:0", "core", 500);
        Zone("intel-rapl:0:1", "dram", 70);
        Zone("intel-rapl:1", "package-1", 2000);
        Zone("intel-rapl:2", "psys", 9000);
        Zone("intel-rapl-mmio:0", "package-0", 1000);
        EnergyMeter meter = new(null, _sys.Root);
        Assert.Equal(Origin.Measured, meter.Origin);
        EnergyReading before = meter.Now();
        Assert.Equal([1000, 2000], before.Microjoules);
        Zone("intel-rapl:0", "package-0", 3_001_000);
        Zone("intel-rapl:1", "package-1", 502_000);
        Zone("intel-rapl:2", "psys", 99_000_000);
        Zone("intel-rapl:1", "package-1", 502_000);
        Assert.Equal(3.5, meter.Joules(before, meter.Now()), 1e-12);
        Assert.Contains("package-0, package-1", meter.Source);
    }

    [Fact]
    public void Zones_are_found_through_links_as_in_sysfs()
    {
        Zone("devices/intel-rapl:0", "package-0", 7);
        Directory.CreateDirectory(_sys["class"]);
        Directory.CreateSymbolicLink(_sys["class/intel-rapl:0"], _sys["devices/intel-rapl:0"]);
        EnergyMeter meter = new(null, _sys["class"]);
        Assert.Equal([7], meter.Now().Microjoules);
    }

    [Fact]
    public void A_counter_that_turned_over_goes_on_at_its_range()
    {
        Zone("intel-rapl:0", "package-0", 262_143_000_000, range: 262_143_328_850);
        EnergyMeter meter = new(null, _sys.Root);
        EnergyReading before = meter.Now();
        Zone("intel-rapl:0", "package-0", 671_150, range: 262_143_328_850);
        Assert.Equal(1.0, meter.Joules(before, meter.Now()), 1e-9);
    }

    [Fact]
    public void A_meter_of_times_takes_measured_joules_where_there_are_counters()
    {
        Zone("intel-rapl:0", "package-0", 0);
        long counter = 0;
        FakeTime time = new();
        SplitMeter meter = new(
            time,
            new CpuClock(() => time.Now, TimeSpan.FromMicroseconds(1)),
            new EnergyMeter(null, _sys.Root)
        );
        int[] four = [1, 1, 1, 1];
        SplitCandidate candidate = new(
            "a",
            TimedSample.Of(four, 4),
            four,
            [1, 1, 1, 1],
            false,
            (_, _) =>
            {
                time.Pass(10);
                Zone("intel-rapl:0", "package-0", counter += 2_000_000);
            }
        );
        SplitComparison result = meter.Compare(
            [candidate],
            new Passes(),
            new Rng(1),
            null,
            TestContext.Current.CancellationToken
        );
        Estimate joules = result["a"].JoulesPerExample;
        Assert.Equal(Origin.Measured, joules.Origin);
        Assert.Equal(0.5, joules.Value, 1e-12);
        Assert.Equal(result.Passes, joules.N);
        Assert.StartsWith("RAPL", result.EnergySource);
    }

    [Fact]
    public void Without_counters_energy_is_modelled_and_says_with_what_and_why()
    {
        EnergyMeter meter = new(null, _sys["missing"]);
        Assert.Equal(Origin.Modelled, meter.Origin);
        Estimate joules = meter.Modelled(new Estimate(2, null, null, 3, Origin.Measured));
        Assert.Equal(new Estimate(11, 5.5, 16.5, 3, Origin.Modelled), joules);
        Assert.Contains("5.5 W per busy core ± 50 % (350 W / 64 cores)", meter.Source);
        Assert.Contains("missing does not exist", meter.Source);
        Assert.Throws<InvalidOperationException>(() => meter.Joules(meter.Now(), meter.Now()));
    }

    [Fact]
    public void Constants_of_ones_own_are_used_and_shown()
    {
        EnergyMeter meter = new(
            new EnergyConstants(15, 0.2, "a laptop's 60 W / 4 cores"),
            _sys.Root
        );
        Assert.Equal(30, meter.Modelled(new Estimate(2, 2, 2, 1, Origin.Measured)).Value);
        Assert.Contains("15 W per busy core ± 20 % (a laptop's 60 W / 4 cores)", meter.Source);
        Assert.Contains("no intel-rapl package", meter.Source);
    }

    [Fact]
    public void One_package_that_cannot_be_read_makes_all_of_it_modelled()
    {
        Zone("intel-rapl:0", "package-0", 1);
        Zone("intel-rapl:1", "package-1", 1);
        File.Delete(_sys["intel-rapl:1/energy_uj"]);
        EnergyMeter meter = new(null, _sys.Root);
        Assert.Equal(Origin.Modelled, meter.Origin);
        Assert.Contains("intel-rapl:1 cannot be read", meter.Source);
    }

    [Fact]
    public void A_counter_that_goes_away_while_measuring_makes_energy_modelled_and_ends_nothing()
    {
        Zone("intel-rapl:0", "package-0", 1);
        EnergyMeter meter = new(null, _sys.Root);
        Assert.Equal(Origin.Measured, meter.Origin);
        File.Delete(_sys["intel-rapl:0/energy_uj"]);
        Assert.Empty(meter.Now().Microjoules);
        Assert.Equal(Origin.Modelled, meter.Origin);
        Assert.Contains("can be read no more", meter.Source);
    }

    void Zone(string folder, string name, long microjoules, long range = 1L << 40)
    {
        _sys.Write(Path.Combine(folder, "name"), name + "\n");
        _sys.Write(Path.Combine(folder, "energy_uj"), $"{microjoules}\n");
        _sys.Write(Path.Combine(folder, "max_energy_range_uj"), $"{range}\n");
    }
}
