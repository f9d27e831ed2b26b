using Espalier.Operators;

namespace Espalier.Runs.Studies;

/// <summary>Pipelines that differ only in which operators of a set stand in them and in what order.</summary>
public static class PipelineSet
{
    // 7! orders would be 5040 pipelines.
    const int MostOperators = 6;

    /// <summary>All orders that make sense, shorter ones first, each followed by every ending.</summary>
    /// <param name="first">What all begin with, such as <c>O(pool=mean)V</c>; empty for plain O.</param>
    /// <param name="orders">The operators, in any order.</param>
    /// <param name="sizes">How many of them stand in a pipeline; null: all.</param>
    /// <param name="then">Endings, such as <c>LQ</c>; the empty one is the order alone.</param>
    /// <exception cref="ArgumentException">A text is no pipeline, or no order makes sense.</exception>
    public static IReadOnlyList<Pipeline> Of(
        string first,
        string orders,
        IReadOnlyList<int>? sizes,
        IReadOnlyList<string> then
    )
    {
        Operator[] set = [.. Pipeline.Written(orders)];
        if (set.Length > MostOperators)
        {
            throw new ArgumentException(
                $"'{orders}' has {set.Length} operators; orders of at most {MostOperators} are made."
            );
        }

        if ((sizes ?? []).FirstOrDefault(s => s < 1 || s > set.Length, 0) is var wrong and not 0)
        {
            throw new ArgumentException(
                $"{wrong} of the {set.Length} operators of '{orders}' cannot be taken; 1 to {set.Length} was expected."
            );
        }

        List<Pipeline> found = [];
        foreach (int size in (sizes ?? [set.Length]).Distinct().Order())
        {
            foreach (string order in Arranged(set, size).Select(o => string.Concat(o)).Distinct())
            {
                found.AddRange(
                    then.Select(end => Pipeline.Parse(first + order + end))
                        .Where(p => p.Problems().Count == 0)
                );
            }
        }

        return found.Count > 0
            ? found
            : throw new ArgumentException(
                $"No order of '{orders}' makes sense: {string.Join(" ", Pipeline.Parse(first + orders + then.FirstOrDefault("")).Problems())}"
            );
    }

    /// <summary>Every order of so many of the set, in the set's own order as far as there is a choice.</summary>
    /// <param name="size">Null: all of it.</param>
    public static IEnumerable<IEnumerable<Operator>> Arranged(Operator[] set, int? size = null) =>
        (size ?? set.Length) == 0
            ?
            [
                [],
            ]
            : set.SelectMany(
                (o, i) =>
                    Arranged([.. set.Where((_, j) => j != i)], (size ?? set.Length) - 1)
                        .Select(rest => rest.Prepend(o))
            );
}
