using System.Collections.Immutable;
using Espalier.Data;

namespace Espalier.Operators;

/// <summary>
/// Operators in order, written as letters with method and options in brackets: <c>DEP(heads=6,ffn=0.4)LQ</c>. The original (O)
/// comes first whether it is written or not, and is not printed unless it has options or stands alone.
/// </summary>
public sealed class Pipeline
{
    /// <summary>What help and errors show.</summary>
    public const string Sample = "DEPLQ";

    Pipeline(ImmutableArray<Operator> operators) => Operators = operators;

    /// <summary>O first.</summary>
    public ImmutableArray<Operator> Operators { get; }

    /// <summary>The original alone, as it is where nothing else is said.</summary>
    public static Pipeline Original { get; } = new([Operator.Original]);

    /// <summary>Whether it is an original alone, whatever its options.</summary>
    public bool IsOriginal => Operators is [{ IsOriginal: true }];

    /// <summary>What is done to the original.</summary>
    public IEnumerable<Operator> Steps => Operators.Where(o => !o.IsOriginal);

    /// <summary>The letters that it is known by: without the O that everything begins with.</summary>
    public string Letters =>
        string.Concat(Operators.Skip(Operators.Length > 1 ? 1 : 0).Select(o => o.Letter));

    /// <exception cref="ArgumentException">The text is no pipeline; the message names the place and what was expected.</exception>
    public static Pipeline Parse(string text) =>
        Written(text) is [_, ..] operators
            ? Of(operators)
            : throw new ArgumentException(
                "The pipeline is empty; O alone is the fine-tuned original."
            );

    /// <summary>Whether a text says what it begins with.</summary>
    public static bool NamesOriginal(string text) => Written(text) is [{ IsOriginal: true }, ..];

    /// <summary>Null: the text is no pipeline, which nobody needs to be told.</summary>
    public static Pipeline? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public static Pipeline Of(params IReadOnlyList<Operator> operators) =>
        operators is [{ IsOriginal: true }, ..]
            ? new([.. operators])
            : new([Operator.Original, .. operators]);

    /// <summary>The operators of a text, as they stand there.</summary>
    /// <exception cref="ArgumentException">The text is no pipeline.</exception>
    public static IReadOnlyList<Operator> Written(string text)
    {
        List<Operator> operators = [];
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == ' ')
            {
                continue;
            }

            Operator found =
                Operator.Of(text[at])
                ?? throw Refused(
                    text,
                    at,
                    $"'{text[at]}' is no operator; there are {string.Join(", ", Operator.Letters.Select(o => $"{o.Letter} ({o.Title})"))}"
                );
            if (at + 1 < text.Length && text[at + 1] == '(')
            {
                int end = text.IndexOf(')', at);
                found = WithBrackets(
                    found,
                    text,
                    at + 2,
                    end < 0 ? throw Refused(text, at + 1, "this bracket is not closed") : end
                );
                at = end;
            }

            operators.Add(found);
        }

        return operators;
    }

    /// <summary>The same from another original, where it names none itself.</summary>
    /// <param name="method">Of an operator that makes the original.</param>
    /// <exception cref="ArgumentException">There is no such, or the pipeline begins with another.</exception>
    public Pipeline From(string method)
    {
        Operator original =
            Originals.FirstOrDefault(o => o.Method == method)
            ?? throw new ArgumentException(
                $"The original is '{method}'; {string.Join(" or ", Originals.Select(o => o.Method))} was expected."
            );
        return Operators[0].Method == method ? this
            : Operators[0] == Operator.Original ? new([original, .. Operators[1..]])
            : throw new ArgumentException(
                $"Pipeline '{this}' begins with an original of its own, and {method} was asked for; leave one of them out."
            );
    }

    /// <summary>The same from the original that is asked for, or else from the one of the task.</summary>
    /// <param name="method">Null: none is asked for.</param>
    /// <param name="kind">Of the task; null: it begins as it does.</param>
    /// <inheritdoc cref="From(string)"/>
    public Pipeline From(string? method, TaskKind? kind) =>
        method is not null ? From(method)
        : kind is not null ? From(Operator.OriginalFor(kind).Method)
        : this;

    /// <summary>The same with other places of the files and folders that its options name.</summary>
    /// <param name="place">Where an input is.</param>
    public Pipeline With(Func<string, string> place) =>
        Operators.All(o => o.Inputs.Count == 0)
            ? this
            : new([
                .. Operators.Select(written =>
                    written
                        .Options.Where(o => written.Inputs.Contains(o.Get(written)))
                        .Aggregate(written, (placed, o) => o.With(placed, place(o.Get(placed))))
                ),
            ]);

    /// <summary>What a pipeline may begin with.</summary>
    public static IEnumerable<Operator> Originals => Operator.All.Where(o => o.IsOriginal);

    /// <summary>Why this order makes no sense; empty if it does. A forced pipeline runs all the same.</summary>
    public IReadOnlyList<string> Problems() =>
        [
            .. Operators
                .SelectMany((here, i) => here.Rules.Select(r => r.Broken(here, Operators[..i])))
                .OfType<string>()
                .Distinct(),
        ];

    /// <summary>What belongs beside its figures.</summary>
    public IEnumerable<string> Remarks => Operators.Select(o => o.Remark).OfType<string>();

    /// <summary>Operators up to and with one: the name of a stage.</summary>
    public Pipeline Prefix(int count) => new(Operators[..count]);

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        bool hidden =
            Operators is [var first, { IsOriginal: false }, ..] && first == Operator.Original;
        return string.Concat(Operators.Skip(hidden ? 1 : 0).Select(o => o.ToString()));
    }

    static Operator WithBrackets(Operator found, string text, int from, int to)
    {
        HashSet<string> seen = [];
        string[] parts = text[from..to].Split(',', StringSplitOptions.RemoveEmptyEntries);
        foreach (var (part, i) in parts.Select((p, i) => (p, i)))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length == 1 && i == 0)
            {
                found = WithMethod(found, pair[0], text, from);
                continue;
            }

            if (!seen.Add(pair[0]))
            {
                throw Refused(text, from, $"{found.Name}: {pair[0]} is given twice");
            }

            Option option =
                found.Options.FirstOrDefault(o => o.Name == pair[0])
                ?? throw Refused(
                    text,
                    from,
                    $"{found.Name} has no option '{pair[0]}'; it has {Known(found.Options.Select(o => o.Name))}{Meant(pair[0], found.Options.Select(o => o.Name))}"
                );
            try
            {
                found = option.With(found, pair.Length == 2 ? pair[1] : "");
            }
            catch (ArgumentException e)
            {
                throw Refused(text, from, $"{found.Name}: {e.Message}");
            }
        }

        return found;
    }

    static Operator WithMethod(Operator found, string method, string text, int from)
    {
        string[] methods =
        [
            .. Operator.All.Where(o => o.Letter == found.Letter).Select(o => o.Method),
        ];
        string isOption = found.Options.Any(o => o.Name == method)
            ? $", and its option is written {method}=…"
            : Meant(method, methods);
        return Operator.Of(found.Letter, method)
            ?? throw Refused(
                text,
                from,
                $"{found.Letter} has no method '{method}'; it has {Known(methods)}{isOption}"
            );
    }

    static string Known(IEnumerable<string> names) =>
        string.Join(", ", names.DefaultIfEmpty("none"));

    static string Meant(string word, IEnumerable<string> names) =>
        Nearest.Likely(word, names) is { } likely ? $" (did you mean '{likely}'?)" : "";

    static ArgumentException Refused(string text, int at, string why) =>
        new($"Pipeline '{text}', character {at + 1}: {why}.");
}
