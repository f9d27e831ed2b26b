using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>
/// The efforts of a curve: so many of a model's own, spread over its layers, or a list that all models share. Only shared
/// ones stand side by side over seeds and pipelines.
/// </summary>
/// <param name="Count">With full effort; 1: full alone.</param>
/// <param name="Shared">Null: each model has its own.</param>
public sealed record EffortGrid(int Count, IReadOnlyList<Effort>? Shared = null)
{
    /// <exception cref="ArgumentException">None is named, or one twice.</exception>
    public static EffortGrid Of(IReadOnlyList<Effort> shared)
    {
        if (shared.Count == 0 || shared.Distinct().Count() < shared.Count)
        {
            throw new ArgumentException("must name at least one effort, and none twice");
        }

        return new EffortGrid(shared.Append(Effort.Full).Distinct().Count(), shared);
    }

    /// <summary>Whether a model that predicts numbers leaves early at any: they have no confidence.</summary>
    public bool SuitsNumbers => Shared is null || Shared.Any(ForNumbers);

    static bool ForNumbers(Effort effort) => effort.Rule is ExitRule.Patience or ExitRule.Exit;

    /// <summary>Full effort is among them.</summary>
    /// <param name="spread">So many efforts by answers on held-out examples; asked for where the model's own are chosen.</param>
    public IReadOnlyList<Effort> For(ModelConfig config, Func<int, IReadOnlyList<Effort>> spread)
    {
        if (!config.HasExits || Count < 2)
        {
            return [Effort.Full];
        }

        return Shared is null
            ? spread(Count)
            :
            [
                .. Shared
                    .Where(e => !config.Regression || ForNumbers(e))
                    .Append(Effort.Full)
                    .Distinct(),
            ];
    }

    public override string ToString() => Shared is null ? $"{Count}" : string.Join(',', Shared);
}
