using System.Text;

namespace Espalier.Text.Chat;

/// <summary>The filters that templates of models use, as Jinja2 has them.</summary>
static class Filters
{
    // Where Python's splitlines() cuts.
    static readonly string[] LineEnds =
    [
        "\r\n",
        .. "\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029".Select(c => $"{c}"),
    ];

    public delegate object? Filter(object? value, Arguments arguments, TemplateRun run);

    public static IReadOnlyDictionary<string, Filter> All { get; } =
        new Dictionary<string, Filter>
        {
            ["trim"] = (v, a, m) => Methods.Strip(m.Made(PythonText.Str(v, m)), a, true, true),
            ["upper"] = (v, a, m) => Bare(a, m.Made(PythonText.Str(v, m)).ToUpperInvariant()),
            ["lower"] = (v, a, m) => Bare(a, m.Made(PythonText.Str(v, m)).ToLowerInvariant()),
            ["title"] = (v, a, m) =>
                Bare(a, Methods.Title(m.Made(PythonText.Str(v, m)), filter: true)),
            ["capitalize"] = (v, a, m) => Bare(a, Methods.Capitalize(m.Made(PythonText.Str(v, m)))),
            ["safe"] = (v, a, _) => Bare(a, v),
            ["string"] = (v, a, m) => Bare(a, m.Made(PythonText.Str(v, m))),
            ["length"] = Length,
            ["count"] = Length,
            ["default"] = Default,
            ["d"] = Default,
            ["first"] = (v, a, m) => Edge(v, a, m, last: false),
            ["last"] = (v, a, m) => Edge(v, a, m, last: true),
            ["list"] = (v, a, m) => Bare(a, Walk(v, m).ToList()),
            ["reverse"] = (v, a, m) => Bare(a, Reversed(v, m)),
            ["join"] = Join,
            ["replace"] = (v, a, m) =>
                Methods.Replace(PythonText.Str(v, m), a.Take(2, "old", "new", "count"), m),
            ["int"] = Whole,
            ["float"] = (v, a, m) =>
                Bare(
                    a,
                    Values.Number(v)
                        ?? throw m.Refuse($"'float' needs a number, not {Values.NameOf(v)}.")
                ),
            ["abs"] = (v, a, m) =>
                Bare<object?>(
                    a,
                    Values.Compare(v, 0L, m) < 0 ? Values.Calculate("-", 0L, v, m) : v
                ),
            ["items"] = (v, a, m) =>
                v is Dictionary<string, object?> map ? Bare(a, Methods.Pairs(map))
                : v is Undefined ? new List<object?>()
                : throw m.Refuse($"'items' needs a mapping, not {Values.NameOf(v)}."),
            ["dictsort"] = (v, a, m) =>
                v is Dictionary<string, object?> map
                    ? Bare(
                        a,
                        Methods.Pairs(
                            new(map.OrderBy(p => p.Key.ToLowerInvariant(), StringComparer.Ordinal))
                        )
                    )
                    : throw m.Refuse($"'dictsort' needs a mapping, not {Values.NameOf(v)}."),
            ["tojson"] = Json,
            ["indent"] = Indent,
            ["map"] = Map,
            ["select"] = (v, a, m) => Select(v, a, m, byField: false, wanted: true),
            ["reject"] = (v, a, m) => Select(v, a, m, byField: false, wanted: false),
            ["selectattr"] = (v, a, m) => Select(v, a, m, byField: true, wanted: true),
            ["rejectattr"] = (v, a, m) => Select(v, a, m, byField: true, wanted: false),
        };

    static T Bare<T>(Arguments arguments, T value)
    {
        arguments.Take(0);
        return value;
    }

    static List<object?> Walk(object? value, TemplateRun run)
    {
        List<object?> items = Values.Items(value, run);
        run.Step(items.Count);
        return items;
    }

    static object? Length(object? value, Arguments arguments, TemplateRun run) =>
        Bare<object?>(
            arguments,
            value switch
            {
                string text => PythonText.Length(text),
                _ => (long)Values.Items(value, run).Count,
            }
        );

    static object? Default(object? value, Arguments arguments, TemplateRun run)
    {
        arguments.Take(0, "default_value", "boolean");
        bool missing = value is Undefined || arguments.Flag(1, "boolean") && !Values.Truth(value);
        return missing ? arguments.Get(0, "default_value", "") : value;
    }

    static object? Edge(object? value, Arguments arguments, TemplateRun run, bool last)
    {
        arguments.Take(0);
        List<object?> items = Walk(value, run);
        if (items.Count == 0)
        {
            return new Undefined($"the {(last ? "last" : "first")} of nothing");
        }

        return items[last ? items.Count - 1 : 0];
    }

    static object? Reversed(object? value, TemplateRun run)
    {
        List<object?> items = [.. Enumerable.Reverse(Walk(value, run))];
        return value is string ? string.Concat(items) : items;
    }

    static string Join(object? value, Arguments arguments, TemplateRun run)
    {
        arguments.Take(0, "d", "attribute");
        string between = PythonText.Str(arguments.Get(0, "d", ""), run);
        IEnumerable<object?> items = Walk(value, run);
        if (arguments.Get(1, "attribute") is string name)
        {
            items = items.Select(i => Field(i, name, run));
        }

        StringBuilder text = new();
        bool first = true;
        foreach (object? item in items)
        {
            string part = PythonText.Str(item, run);
            run.Made(part.Length + between.Length);
            text.Append(first ? "" : between).Append(part);
            first = false;
        }

        return text.ToString();
    }

    static object? Whole(object? value, Arguments arguments, TemplateRun run)
    {
        arguments.Take(0, "default");
        if (
            value is string text
            && double.TryParse(
                text.Trim(PythonText.Spaces),
                System.Globalization.NumberStyles.Float,
                System.Globalization.CultureInfo.InvariantCulture,
                out double read
            )
        )
        {
            value = read;
        }

        return value switch
        {
            double number when Math.Abs(number) < 1e18 => (long)number,
            Undefined gone => throw run.Refuse($"{gone.Name} is not defined, so it is no number."),
            _ => Values.Whole(value) ?? arguments.Get(0, "default", 0L),
        };
    }

    static string Json(object? value, Arguments arguments, TemplateRun run)
    {
        arguments.Take(0, "ensure_ascii", "indent");
        if (arguments.Flag(0, "ensure_ascii"))
        {
            throw run.Refuse("'tojson' is known without ensure_ascii only.");
        }

        StringBuilder text = new();
        int? indent = arguments.OptionalWhole(1, "indent") is { } width
            ? (int)Math.Clamp(width, 0, 64)
            : null;
        PythonText.Json(value, indent, 0, text, run);
        return text.ToString();
    }

    static object? Indent(object? value, Arguments arguments, TemplateRun run)
    {
        arguments.Take(0, "width", "first", "blank");
        string space = new(' ', (int)Math.Clamp(arguments.OptionalWhole(0, "width") ?? 4, 0, 64));
        bool blank = arguments.Flag(2, "blank");
        string[] lines = PythonText.Str(value, run).Split(LineEnds, StringSplitOptions.None);
        run.Made(lines.Sum(l => (long)l.Length + space.Length));
        return (arguments.Flag(1, "first") ? space : "")
            + string.Join(
                '\n',
                lines.Select((line, i) => i > 0 && (line.Length > 0 || blank) ? space + line : line)
            );
    }

    static List<object?> Map(object? value, Arguments arguments, TemplateRun run)
    {
        List<object?> items = Walk(value, run);
        if (arguments.Named.TryGetValue("attribute", out object? name))
        {
            arguments.Take(0, "attribute", "default");
            string path = PythonText.Str(name, run);
            return items
                .Select(i => Field(i, path, run))
                .Select(f => f is Undefined ? arguments.Get(1, "default", f) : f)
                .ToList();
        }

        string filter = arguments.Get(0, "filter") as string ?? "";
        return All.TryGetValue(filter, out Filter? each)
            ? items.Select(i => each(i, arguments.Behind(1), run)).ToList()
            : throw run.Refuse($"Espalier knows no filter '{filter}' for 'map'.");
    }

    static List<object?> Select(
        object? value,
        Arguments arguments,
        TemplateRun run,
        bool byField,
        bool wanted
    )
    {
        int at = byField ? 1 : 0;
        string field = byField ? PythonText.Str(arguments.Get(0, "attribute"), run) : "";
        string? name = arguments.Plain.Count > at ? PythonText.Str(arguments.Plain[at], run) : null;
        Tests.Test test =
            name is null ? (v, _, _) => Values.Truth(v)
            : Tests.All.TryGetValue(name, out Tests.Test? known) ? known
            : throw run.Refuse($"Espalier knows no test '{name}'.");
        Arguments rest = arguments.Behind(at + 1);
        return Walk(value, run)
            .Where(i => test(byField ? Field(i, field, run) : i, rest, run) == wanted)
            .ToList();
    }

    // a.b.0 of an item, as the filters with an attribute have it.
    static object? Field(object? item, string path, TemplateRun run)
    {
        foreach (string part in path.Split('.'))
        {
            run.Step(1);
            item = item switch
            {
                Dictionary<string, object?> map when map.TryGetValue(part, out object? value) =>
                    value,
                Fields fields when fields.Values.TryGetValue(part, out object? value) => value,
                _ => new Undefined($"'{part}'"),
            };
        }

        return item;
    }
}
