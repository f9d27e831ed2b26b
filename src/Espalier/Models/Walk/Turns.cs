using Espalier.Kernels;

namespace Espalier.Models.Walk;

/// <summary>
/// Angles of rotary positions, one table for each kind and width that layers have. A table grows with the longest text that was
/// seen: that of a context of 131,072 tokens would take more memory than the weights of a small model.
/// </summary>
sealed class Turns
{
    const int First = 2048;

    readonly Dictionary<(Rotary Kind, int Width), RotaryTable> _tables = [];
    readonly int _most;

    public Turns(ModelConfig model)
    {
        _most = model.Positions;
        foreach (AttentionSpec spec in model.Layers.Select(l => l.Attention))
        {
            if (spec.Rotary is { } rotary && !_tables.ContainsKey((rotary, spec.Width)))
            {
                _tables.Add((rotary, spec.Width), Make(rotary, spec.Width, First));
            }
        }
    }

    /// <param name="positions">That the table has at least, as far as the model has them.</param>
    public RotaryTable Of(AttentionSpec spec, int positions)
    {
        var kind = (spec.Rotary!, spec.Width);

        // Sessions on other threads may ask at the same time.
        lock (_tables)
        {
            RotaryTable table = _tables[kind];
            if (table.Turns.Rows < Math.Min(positions, _most))
            {
                table = Make(spec.Rotary!, spec.Width, Math.Max(positions, 2 * table.Turns.Rows));
                _tables[kind] = table;
            }

            return table;
        }
    }

    RotaryTable Make(Rotary rotary, int width, int positions) =>
        new(rotary.Frequencies(width), Math.Min(positions, _most), rotary.Scaling?.Magnitude ?? 1);
}
