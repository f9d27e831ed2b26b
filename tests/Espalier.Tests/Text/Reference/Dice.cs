using Espalier.Tensors;

namespace Espalier.Tests.Text.Reference;

/// <summary>Draws one after the other, the same for the same seed.</summary>
sealed class Dice(ulong seed)
{
    readonly Rng _rng = new(seed);
    ulong _thrown;

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>.</summary>
    public int Next(int bound) => _rng.Below(bound, _thrown++);

    /// <summary>True as often as <paramref name="share"/> says.</summary>
    public bool Chance(double share) => _rng.Uniform(_thrown++) < share;
}
