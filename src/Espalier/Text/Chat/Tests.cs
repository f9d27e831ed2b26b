namespace Espalier.Text.Chat;

/// <summary>The tests that templates of models use, as Jinja2 has them.</summary>
static class Tests
{
    public delegate bool Test(object? value, Arguments arguments, TemplateRun run);

    public static IReadOnlyDictionary<string, Test> All { get; } = Known();

    static Dictionary<string, Test> Known()
    {
        Dictionary<string, Test> tests = new()
        {
            ["defined"] = Plain(v => v is not Undefined),
            ["undefined"] = Plain(v => v is Undefined),
            ["none"] = Plain(v => v is null),
            ["boolean"] = Plain(v => v is bool),
            ["true"] = Plain(v => v is true),
            ["false"] = Plain(v => v is false),
            ["integer"] = Plain(v => v is long),
            ["float"] = Plain(v => v is double),
            ["number"] = Plain(v => v is long or double or bool),
            ["string"] = Plain(v => v is string),
            ["mapping"] = Plain(v => v is Dictionary<string, object?>),
            ["sequence"] = Plain(v => IsWalked(v) || v is Undefined),
            ["iterable"] = Plain(v => IsWalked(v) || v is Undefined),
            ["callable"] = Plain(v => v is Callable),
            ["odd"] = Rest(1),
            ["even"] = Rest(0),
            ["divisibleby"] = (v, a, m) =>
                Values.Same(Values.Calculate("%", v, a.Take(1, "num").Get(0, "num"), m), 0L, m),
            ["in"] = (v, a, m) => Values.Contains(a.Take(1, "seq").Get(0, "seq"), v, m),
            ["sameas"] = (v, a, m) =>
                v is null or bool or long or double or string
                    ? v?.GetType() == a.Take(1, "other").Get(0, "other")?.GetType()
                        && Values.Same(v, a.Get(0, "other"), m)
                    : ReferenceEquals(v, a.Take(1, "other").Get(0, "other")),
        };
        (string[] Names, Func<int, bool> Holds)[] orders =
        [
            (["lt", "lessthan", "<"], o => o < 0),
            (["le", "<="], o => o <= 0),
            (["gt", "greaterthan", ">"], o => o > 0),
            (["ge", ">="], o => o >= 0),
        ];
        foreach ((string[] names, Func<int, bool> holds) in orders)
        {
            foreach (string name in names)
            {
                tests[name] = (v, a, m) => holds(Values.Compare(v, a.Take(1, "b").Get(0, "b"), m));
            }
        }

        foreach (string name in (string[])["eq", "equalto", "=="])
        {
            tests[name] = (v, a, m) => Values.Same(v, a.Take(1, "b").Get(0, "b"), m);
        }

        foreach (string name in (string[])["ne", "!="])
        {
            tests[name] = (v, a, m) => !Values.Same(v, a.Take(1, "b").Get(0, "b"), m);
        }

        return tests;
    }

    static Test Plain(Func<object?, bool> holds) =>
        (value, arguments, _) =>
        {
            arguments.Take(0);
            return holds(value);
        };

    static Test Rest(long rest) =>
        (value, arguments, run) =>
        {
            arguments.Take(0);
            return Values.Same(Values.Calculate("%", value, 2L, run), rest, run);
        };

    static bool IsWalked(object? value) =>
        value is string or List<object?> or Dictionary<string, object?>;
}
