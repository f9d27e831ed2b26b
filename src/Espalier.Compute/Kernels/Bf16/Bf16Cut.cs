namespace Espalier.Kernels.Bf16;

/// <summary>How a kernel wants its right-hand side cut.</summary>
/// <param name="Columns">Of a panel: 16, 32 or 64.</param>
/// <param name="Pairs">Of steps of k that it takes at a time, up to 16.</param>
readonly record struct Bf16Cut(int Columns, int Pairs);
