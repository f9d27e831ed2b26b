namespace Espalier.Text.Chat;

/// <summary>Python's methods of texts, lists and mappings, as far as templates use them; none changes its value.</summary>
static class Methods
{
    /// <summary>The method of this name; null where it is none that Espalier knows.</summary>
    public static Callable? Of(object? value, string name) =>
        value switch
        {
            string text => OfText(text, name),
            Dictionary<string, object?> map => OfMap(map, name),
            List<object?> list => OfList(list, name),
            _ => null,
        };

    static Callable? OfText(string text, string name) =>
        name switch
        {
            "strip" => Made(text, (a, _) => Strip(text, a, true, true)),
            "lstrip" => Made(text, (a, _) => Strip(text, a, true, false)),
            "rstrip" => Made(text, (a, _) => Strip(text, a, false, true)),
            "upper" => Made(text, (a, _) => a.Take(0).Made(text.ToUpperInvariant())),
            "lower" => Made(text, (a, _) => a.Take(0).Made(text.ToLowerInvariant())),
            "title" => Made(text, (a, _) => a.Take(0).Made(Title(text))),
            "capitalize" => Made(text, (a, _) => a.Take(0).Made(Capitalize(text))),
            "startswith" => new Callable(
                (_, a) =>
                    text.StartsWith(a.Take(1, "prefix").Text(0, "prefix"), StringComparison.Ordinal)
            ),
            "endswith" => new Callable(
                (_, a) =>
                    text.EndsWith(a.Take(1, "suffix").Text(0, "suffix"), StringComparison.Ordinal)
            ),
            "replace" => new Callable(
                (run, a) =>
                {
                    a.Take(2, "old", "new", "count");
                    return Replace(text, a, run);
                }
            ),
            "split" => new Callable(
                (run, a) =>
                {
                    run.Step(text.Length / 8);
                    a.Take(0, "sep", "maxsplit");
                    return Split(
                        text,
                        a.OptionalText(0, "sep"),
                        a.OptionalWhole(1, "maxsplit") ?? -1,
                        run
                    );
                }
            ),
            "find" => new Callable(
                (run, a) =>
                {
                    run.Step(text.Length / 64);
                    int at = text.IndexOf(
                        a.Take(1, "sub").Text(0, "sub"),
                        StringComparison.Ordinal
                    );
                    return at < 0 ? -1L : PythonText.Length(text[..at]);
                }
            ),
            "count" => new Callable(
                (run, a) =>
                {
                    run.Step(text.Length / 64);
                    string part = a.Take(1, "sub").Text(0, "sub");
                    return part.Length == 0
                        ? PythonText.Length(text) + 1
                        : (long)text.AsSpan().Count(part);
                }
            ),
            "isdigit" => new Callable((_, _) => text.Length > 0 && text.All(char.IsDigit)),
            _ => null,
        };

    static Callable? OfMap(Dictionary<string, object?> map, string name) =>
        name switch
        {
            "items" => new Callable(
                (run, a) =>
                {
                    run.Step(map.Count);
                    a.Take(0);
                    return Pairs(map);
                }
            ),
            "keys" => new Callable((_, a) => a.Take(0) is null ? null : map.Keys.ToList<object?>()),
            "values" => new Callable((_, a) => a.Take(0) is null ? null : map.Values.ToList()),
            "get" => new Callable(
                (_, a) =>
                    map.TryGetValue(a.Take(1, "key", "default").Text(0, "key"), out object? value)
                        ? value
                        : a.Get(1, "default")
            ),
            _ => null,
        };

    static Callable? OfList(List<object?> list, string name) =>
        name switch
        {
            "index" => new Callable(
                (run, a) =>
                {
                    object? wanted = a.Take(1, "value").Get(0, "value");
                    int at = list.FindIndex(item => Values.Same(item, wanted, run));
                    return at >= 0
                        ? (long)at
                        : throw run.Refuse($"{Values.NameOf(wanted)} is not in the list.");
                }
            ),
            "count" => new Callable(
                (run, a) =>
                {
                    object? wanted = a.Take(1, "value").Get(0, "value");
                    return (long)list.Count(item => Values.Same(item, wanted, run));
                }
            ),
            _ => null,
        };

    public static List<object?> Pairs(Dictionary<string, object?> map) =>
        [.. map.Select(p => (object?)(List<object?>)[p.Key, p.Value])];

    /// <summary>Each word with a capital letter: a word ends at what is no letter, or for the filter at white space, - and brackets alone.</summary>
    public static string Title(string text, bool filter = false)
    {
        char[] units = text.ToCharArray();
        for (int i = 0; i < units.Length; i++)
        {
            bool goesOn =
                i > 0
                && (
                    filter
                        ? !PythonText.IsSpace(units[i - 1])
                            && units[i - 1] is not ('-' or '(' or '{' or '[' or '<')
                        : char.IsLetter(units[i - 1])
                );
            units[i] = goesOn ? char.ToLowerInvariant(units[i]) : char.ToUpperInvariant(units[i]);
        }

        return new string(units);
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Strip(string text, Arguments arguments, bool left, bool right)
    {
        arguments.Take(0, "chars");
        char[] characters = arguments.OptionalText(0, "chars")?.ToCharArray() ?? PythonText.Spaces;
        return left && right ? text.Trim(characters)
            : left ? text.TrimStart(characters)
            : text.TrimEnd(characters);
    }

    public static string Replace(string text, Arguments arguments, TemplateRun run)
    {
        string old = arguments.Text(0, "old"),
            with = arguments.Text(1, "new");
        if (old.Length == 0 || arguments.Has(2, "count"))
        {
            throw run.Refuse("'replace' is known for all places of a text that is not empty.");
        }

        run.Step(text.Length / 64);
        run.Made(text.Length + ((long)text.AsSpan().Count(old) * with.Length));
        return text.Replace(old, with, StringComparison.Ordinal);
    }

    static List<object?> Split(string text, string? separator, long most, TemplateRun run)
    {
        if (separator is { Length: 0 })
        {
            throw run.Refuse("'split' needs a separator that is not empty.");
        }

        int count = most < 0 || most >= int.MaxValue ? int.MaxValue : (int)most + 1;
        run.Made(text.Length);
        string[] parts =
            separator is not null ? text.Split(separator, count, StringSplitOptions.None)
            : most < 0 ? text.Split(PythonText.Spaces, StringSplitOptions.RemoveEmptyEntries)
            : throw run.Refuse("'split' at white space is known without a count only.");
        run.Step(parts.Length);
        return [.. parts];
    }

    static string Made(this Arguments _, string text) => text;

    static Callable Made(string text, Func<Arguments, TemplateRun, string> make) =>
        new(
            (run, arguments) =>
            {
                run.Made(text.Length);
                return make(arguments, run);
            }
        );
}
