using Espalier.Tensors;

namespace Espalier.Measuring;

/// <summary>Counters of all packages at one moment, in microjoules; empty where energy is modelled.</summary>
public sealed record EnergyReading(IReadOnlyList<long> Microjoules);

/// <summary>
/// Energy of the processor packages by RAPL where the kernel lets us read it (Linux powercap, usually root only, and
/// rarely in a virtual machine), else from core-seconds and constants. <see cref="Source"/> says which.
/// </summary>
/// <remarks>
/// RAPL counts everything that ran on the package, idle power and neighbours included, and not the memory modules;
/// it moves about once a millisecond, so one reading should span many.
/// </remarks>
public sealed class EnergyMeter
{
    readonly List<Package> _packages = [];
    string _whyNot;

    /// <param name="powercap">The folder that holds <c>intel-rapl:0</c>, <c>intel-rapl:1</c> …; AMD's are called so too.</param>
    public EnergyMeter(EnergyConstants? constants = null, string powercap = "/sys/class/powercap")
    {
        Constants = constants ?? EnergyConstants.Default;
        _whyNot = Find(powercap);
    }

    public EnergyConstants Constants { get; }

    public Origin Origin => _packages.Count > 0 ? Origin.Measured : Origin.Modelled;

    /// <summary>For the report: what was counted, or with which constants it was modelled and why.</summary>
    public string Source =>
        Origin == Origin.Measured
            ? $"RAPL of {string.Join(", ", _packages.Select(p => p.Name))}: all that ran there, memory not included"
            : $"core-seconds × {Constants}; {_whyNot}";

    /// <summary>A counter that can be read no more makes energy modelled from then on; it ends no measuring.</summary>
    public EnergyReading Now()
    {
        try
        {
            return new([.. _packages.Select(p => ReadNumber(p.Counter))]);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _packages.Clear();
            _whyNot = $"a counter can be read no more ({e.Message.TrimEnd('.')})";
            return new([]);
        }
    }

    /// <summary>Between two readings less than one turn of the counters apart (minutes).</summary>
    /// <exception cref="InvalidOperationException">There are no counters here; ask <see cref="Modelled"/>.</exception>
    public double Joules(EnergyReading from, EnergyReading to)
    {
        if (Origin != Origin.Measured)
        {
            throw new InvalidOperationException($"No energy counter can be read: {_whyNot}.");
        }

        long microjoules = 0;
        for (int i = 0; i < _packages.Count; i++)
        {
            long step = to.Microjoules[i] - from.Microjoules[i];
            microjoules += step >= 0 ? step : step + _packages[i].Range;
        }

        return microjoules * 1e-6;
    }

    /// <summary>Joules from core-seconds; the interval joins the clock's resolution and the constants' uncertainty.</summary>
    public Estimate Modelled(Estimate coreSeconds)
    {
        double watts = Constants.WattsPerCore;
        return new Estimate(
            coreSeconds.Value * watts,
            (coreSeconds.Low ?? coreSeconds.Value) * watts * (1 - Constants.Uncertainty),
            (coreSeconds.High ?? coreSeconds.Value) * watts * (1 + Constants.Uncertainty),
            coreSeconds.N,
            Origin.Modelled
        );
    }

    /// <summary>
    /// Packages only: <c>intel-rapl:0:0</c> (cores, memory) is a part of its package, <c>psys</c> holds the packages,
    /// and <c>intel-rapl-mmio:0</c> is the same package again.
    /// </summary>
    /// <returns>Why energy cannot be measured; empty where it can.</returns>
    string Find(string powercap)
    {
        if (!Directory.Exists(powercap))
        {
            return $"{powercap} does not exist here";
        }

        foreach (
            string folder in Directory
                .GetDirectories(powercap, "intel-rapl:*")
                .Order(StringComparer.Ordinal)
        )
        {
            try
            {
                string name = File.ReadAllText(Path.Combine(folder, "name")).Trim();
                bool seen = _packages.Exists(p => p.Name == name);
                if (!name.StartsWith("package-", StringComparison.Ordinal) || seen)
                {
                    continue;
                }

                string counter = Path.Combine(folder, "energy_uj");
                _ = ReadNumber(counter);
                long range = ReadNumber(Path.Combine(folder, "max_energy_range_uj"));
                _packages.Add(new Package(name, counter, range));
            }
            catch (Exception e)
                when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // A machine's energy without one of its packages would be a wrong figure, so it is all or nothing.
                _packages.Clear();
                return $"{folder} cannot be read ({e.Message.TrimEnd('.')})";
            }
        }

        return _packages.Count > 0 ? "" : $"{powercap} has no intel-rapl package";
    }

    static long ReadNumber(string path)
    {
        string text = File.ReadAllText(path).Trim();
        return Numeral.TryWhole(text, out long number) && number >= 0
            ? number
            : throw new InvalidDataException($"{path} holds '{text}'; a number was expected.");
    }

    sealed record Package(string Name, string Counter, long Range);
}
