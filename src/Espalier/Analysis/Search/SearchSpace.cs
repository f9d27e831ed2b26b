using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>A pipeline at an effort that might be chosen.</summary>
public sealed record Contender(string Pipeline, Effort Effort);

/// <summary>Which pipelines are searched: each letter left out or in one of its variants, in the usual order.</summary>
/// <param name="Variants">Such as P(heads=8,ffn=0.5) and P(heads=4,ffn=0.25): option points, measured or not.</param>
/// <param name="Efforts">At which pipelines with exits are considered; others run in full.</param>
public sealed record SearchSpace(IReadOnlyList<Operator> Variants, IReadOnlyList<Effort> Efforts)
{
    /// <summary>All legal combinations, each in the order of <see cref="Operator.All"/>; other orders see below.</summary>
    public IReadOnlyList<string> Pipelines()
    {
        List<IReadOnlyList<Operator>> all =
        [
            [],
        ];
        foreach (Operator known in Operator.Letters.Where(o => !o.IsOriginal))
        {
            Operator[] own = [.. Variants.Where(v => v.Letter == known.Letter).Distinct()];
            all.AddRange(
                all.SelectMany(before => own.Select(v => (IReadOnlyList<Operator>)[.. before, v]))
                    .ToArray()
            );
        }

        return
        [
            .. all.Select(operators => Pipeline.Of([Operator.Original, .. operators]))
                .Where(p => p.Problems().Count == 0)
                .Select(p => $"{p}"),
        ];
    }

    /// <summary>Of given pipelines: the way in for other orders, where operators do not commute.</summary>
    public IReadOnlyList<Contender> ContendersOf(IReadOnlyList<string> pipelines) =>
        [
            .. pipelines.SelectMany(p =>
                Pipeline.Parse(p).Operators.Any(o => o.Has(Effects.Exits))
                    ? Efforts.Append(Effort.Full).Distinct().Select(e => new Contender(p, e))
                    : [new Contender(p, Effort.Full)]
            ),
        ];
}
