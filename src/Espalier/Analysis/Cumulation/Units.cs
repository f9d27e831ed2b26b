namespace Espalier.Analysis.Cumulation;

/// <summary>Which operators of a combination are taken together.</summary>
static class Units
{
    /// <summary>
    /// Letters in the order of the operators, those joined by a compound in one unit. Compounds that overlap within the
    /// combination make one unit of all.
    /// </summary>
    public static IReadOnlyList<string> Of(
        IReadOnlyList<string> operators,
        IReadOnlyList<string> compounds
    )
    {
        string letters = string.Concat(operators.Select(o => o[0]));
        List<string> units = [.. letters.Select(l => $"{l}")];
        foreach (string compound in compounds.Where(c => c.All(letters.Contains)))
        {
            List<string> joined = [.. units.Where(u => u.Any(compound.Contains))];
            units.RemoveAll(joined.Contains);
            units.Add(string.Concat(string.Concat(joined).OrderBy(l => letters.IndexOf(l))));
        }

        return [.. units.OrderBy(u => letters.IndexOf(u[0]))];
    }
}
