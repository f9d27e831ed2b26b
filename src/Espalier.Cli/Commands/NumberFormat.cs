using Espalier.Kernels;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>In what numbers a session multiplies, and with which kernels.</summary>
/// <param name="Peak">What the machine can do at most in it; null where that cannot be timed.</param>
sealed record NumberFormat(string Name, Precision Precision, KernelFamily Kernels, Peak? Peak)
{
    public static IReadOnlyList<string> Names { get; } = ["fp32", "bf16", "int8"];

    public override string ToString() => Name;

    /// <summary>Those that make sense on this machine.</summary>
    public static IReadOnlyList<NumberFormat> All(KernelFamily kernels) =>
        [.. Names.Where(n => n != "bf16" || kernels.Bf16 is not null).Select(n => Of(n, kernels))];

    /// <exception cref="ArgumentException">There is no such format, or these kernels lack it.</exception>
    public static NumberFormat Of(string name, KernelFamily kernels) =>
        name switch
        {
            "fp32" => new(name, Precision.Fp32, kernels, Peak.Fp32),
            "bf16" => kernels.Bf16 is { } bf16
                ? new(name, Precision.Fp32, bf16, Peak.Bf16)
                : throw new ArgumentException(
                    $"The kernels {kernels.Name} have no bf16 that would be faster than fp32; leave it out."
                ),
            "int8" => new(name, Precision.Int8, kernels, Peak.Int8),
            _ => throw new ArgumentException(
                $"'{name}' is no precision; {string.Join(", ", Names)} were expected."
            ),
        };
}
