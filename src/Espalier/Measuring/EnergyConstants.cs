namespace Espalier.Measuring;

/// <summary>
/// What modelled energy is computed with. Claim ratios of modelled energies under the same constants, never the
/// joules themselves: the constants cancel in a ratio, and they are what is uncertain.
/// </summary>
/// <param name="WattsPerCore">Power of one busy core, its share of caches and memory controller included.</param>
/// <param name="Uncertainty">The true power lies within ± this share.</param>
/// <param name="Basis">Where the power comes from.</param>
public sealed record EnergyConstants(double WattsPerCore, double Uncertainty, string Basis)
{
    /// <summary>
    /// A server processor of 2023 (Emerald Rapids, 350 W for 64 cores). Idle cores, memory modules, fans and
    /// power supplies are not in it.
    /// </summary>
    public static EnergyConstants Default { get; } = new(5.5, 0.5, "350 W / 64 cores");

    public override string ToString() =>
        $"{WattsPerCore:0.###} W per busy core ± {100 * Uncertainty:0.#} % ({Basis})";
}
