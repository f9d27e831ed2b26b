using System.Collections.Immutable;

namespace Espalier.Operators;

/// <summary>
/// Operators in order, written as letters with options in brackets: <c>DEP(heads=6,ffn=0.4)LQ</c>. Fine-tuning (O) comes first
/// whether it is written or not, and is not printed unless it has options or stands alone.
/// </summary>
public sealed class Pipeline
{
    Pipeline(ImmutableArray<Operator> operators) => Operators = operators;

    /// <summary>O first.</summary>
    public ImmutableArray<Operator> Operators { get; }

    /// <exception cref="ArgumentException">The text is no pipeline; the message names the place and what was expected.</exception>
    public static Pipeline Parse(string text)
    {
        List<Operator> operators = [];
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == ' ')
            {
                continue;
            }

            Operator found =
                Operator.All.FirstOrDefault(o => o.Letter == text[at])
                ?? throw Refused(
                    text,
                    at,
                    $"'{text[at]}' is no operator; there are {string.Join(", ", Operator.All.Select(o => $"{o.Letter} ({o.Title})"))}"
                );
            if (at + 1 < text.Length && text[at + 1] == '(')
            {
                int end = text.IndexOf(')', at);
                found = WithOptions(
                    found,
                    text,
                    at + 2,
                    end < 0 ? throw Refused(text, at + 1, "this bracket is not closed") : end
                );
                at = end;
            }

            operators.Add(found);
        }

        if (operators.Count == 0)
        {
            throw new ArgumentException(
                "The pipeline is empty; O alone is the fine-tuned original."
            );
        }

        return new Pipeline(
            operators[0] is FineTune ? [.. operators] : [new FineTune(), .. operators]
        );
    }

    /// <summary>Why this order makes no sense; empty if it does. A forced pipeline runs all the same.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        for (int i = 0; i < Operators.Length; i++)
        {
            Operator here = Operators[i];
            if (i > 0 && here is FineTune)
            {
                problems.Add("O is fine-tuning and comes first, once.");
            }

            if (
                here.Group == Group.I
                && Operators.Take(i).FirstOrDefault(o => o.Group == Group.II) is { } last
            )
            {
                problems.Add(
                    $"{here.Letter} trains and {last.Letter} does not: D, E and P come before L and Q."
                );
            }

            if (
                here is TrimVocabulary
                && Operators.Take(i).FirstOrDefault(o => o is not FineTune) is { } before
            )
            {
                problems.Add(
                    $"V changes the vocabulary that {before.Letter} has used: V comes right behind O."
                );
            }

            if (here is Distill && Operators.Take(i).Any(o => o is Prune))
            {
                problems.Add(
                    "D after P is pointless: D starts a new student, and what P took out comes back."
                );
            }

            if (here is not FineTune && Operators.Take(i).Any(o => o.Letter == here.Letter))
            {
                problems.Add($"{here.Letter} stands twice.");
            }
        }

        return [.. problems.Distinct()];
    }

    /// <summary>Operators up to and with one: the name of a stage.</summary>
    public Pipeline Prefix(int count) => new(Operators[..count]);

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        bool hidden = Operators is [var first, not FineTune, ..] && first == new FineTune();
        return string.Concat(Operators.Skip(hidden ? 1 : 0).Select(o => o.ToString()));
    }

    static Operator WithOptions(Operator found, string text, int from, int to)
    {
        HashSet<string> seen = [];
        foreach (string part in text[from..to].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (!seen.Add(pair[0]))
            {
                throw Refused(text, from, $"{found.Letter}: {pair[0]} is given twice");
            }

            Option option =
                found.Options.FirstOrDefault(o => o.Name == pair[0])
                ?? throw Refused(
                    text,
                    from,
                    $"{found.Letter} has no option '{pair[0]}'; it has {Known(found)}"
                );
            try
            {
                found = option.With(found, pair.Length == 2 ? pair[1] : "");
            }
            catch (ArgumentException e)
            {
                throw Refused(text, from, $"{found.Letter}: {e.Message}");
            }
        }

        return found;
    }

    static string Known(Operator found) =>
        found.Options.Count == 0 ? "none" : string.Join(", ", found.Options.Select(o => o.Name));

    static ArgumentException Refused(string text, int at, string why) =>
        new($"Pipeline '{text}', character {at + 1}: {why}.");
}
