using Espalier.Kernels;

namespace Espalier.Models.Walk;

/// <summary>Angles of rotary positions, one table for each base and width that layers have.</summary>
sealed class Turns
{
    readonly Dictionary<(float Base, int Width), RotaryTable> _tables = [];

    public Turns(ModelConfig model)
    {
        foreach (AttentionSpec spec in model.Layers.Select(l => l.Attention))
        {
            if (spec.Rotary is { } rotary && !_tables.ContainsKey((rotary.Base, spec.Width)))
            {
                _tables.Add(
                    (rotary.Base, spec.Width),
                    new RotaryTable(spec.Width, rotary.Base, model.Positions)
                );
            }
        }
    }

    public RotaryTable Of(AttentionSpec spec) => _tables[(spec.Rotary!.Base, spec.Width)];
}
