namespace Espalier.Operators;

/// <summary>What an operator asks of those before it, whoever wants to know: parser, help, search.</summary>
/// <param name="Sentence">The rule.</param>
/// <param name="Broken">Why an operator may not stand behind these, in a sentence; null: it may.</param>
public sealed record OrderRule(
    string Sentence,
    Func<Operator, IReadOnlyList<Operator>, string?> Broken
)
{
    public static OrderRule First { get; } =
        new(
            "O, the original, comes first, written or not, and once.",
            (_, before) => before.Count == 0 ? null : "O is fine-tuning and comes first, once."
        );

    public static OrderRule TrainingFirst =>
        new(
            $"{Letters(Group.I)} train, so they come before {Letters(Group.II)}, which do not.",
            (here, before) =>
                here.Group == Group.I && before.FirstOrDefault(o => o.Group == Group.II) is { } last
                    ? $"{here.Name} {(here.Trains ? "trains" : "works on whole weights")} and {last.Name} does not: {Letters(Group.I)} come before {Letters(Group.II)}."
                    : null
        );

    public static OrderRule Once { get; } =
        new(
            "No operator stands twice.",
            (here, before) =>
                before.Any(o => o.Letter == here.Letter) ? $"{here.Letter} stands twice." : null
        );

    /// <summary>Every rule that there is, as often as it is made.</summary>
    public static IReadOnlyList<string> All =>
        [.. Operator.All.SelectMany(o => o.Rules).Select(r => r.Sentence).Distinct()];

    /// <summary>The letters of a group in words: D, E and P.</summary>
    public static string Letters(Group group, string and = "and")
    {
        char[] letters = [.. Operator.Letters.Where(o => o.Group == group).Select(o => o.Letter)];
        return $"{string.Join(", ", letters[..^1])} {and} {letters[^1]}";
    }
}
