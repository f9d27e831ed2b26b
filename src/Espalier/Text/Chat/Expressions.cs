namespace Espalier.Text.Chat;

/// <summary>A part of a template that has a value.</summary>
abstract record Expression(int Line)
{
    public object? Value(Scope scope, TemplateRun run)
    {
        run.Line = Line;
        run.Descend();
        return Compute(scope, run);
    }

    public bool Holds(Scope scope, TemplateRun run) => Values.Truth(Value(scope, run));

    protected abstract object? Compute(Scope scope, TemplateRun run);
}

sealed record Constant(int Line, object? Content) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) => Content;
}

sealed record Named(int Line, string Name) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) => scope[Name];
}

sealed record ListOf(int Line, IReadOnlyList<Expression> Items) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) =>
        Items.Select(i => i.Value(scope, run)).ToList();
}

sealed record MapOf(int Line, IReadOnlyList<(Expression Key, Expression Item)> Items)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        Dictionary<string, object?> map = new(StringComparer.Ordinal);
        foreach ((Expression key, Expression item) in Items)
        {
            map[
                key.Value(scope, run) as string
                    ?? throw run.Refuse("the keys of a mapping must be texts.")
            ] = item.Value(scope, run);
        }

        return map;
    }
}

/// <summary>and, or: the value that decided.</summary>
sealed record Either(int Line, bool And, Expression Left, Expression Right) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? left = Left.Value(scope, run);
        return Values.Truth(left) == And ? Right.Value(scope, run) : left;
    }
}

sealed record Not(int Line, Expression Inner) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) => !Inner.Holds(scope, run);
}

/// <summary>a if b else c; without an else it may be undefined.</summary>
sealed record Choice(int Line, Expression Test, Expression Then, Expression? Else)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) =>
        Test.Holds(scope, run) ? Then.Value(scope, run)
        : Else is null ? new Undefined("the value of an if without else")
        : Else.Value(scope, run);
}

/// <summary>a &lt; b &lt;= c and so on, each compared with its neighbour.</summary>
sealed record Comparison(
    int Line,
    Expression First,
    IReadOnlyList<(string Sign, Expression Operand)> Others
) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? left = First.Value(scope, run);
        foreach ((string sign, Expression operand) in Others)
        {
            object? right = operand.Value(scope, run);
            run.Line = Line;
            bool holds = sign switch
            {
                "==" => Values.Same(left, right, run),
                "!=" => !Values.Same(left, right, run),
                "in" => Values.Contains(right, left, run),
                "not in" => !Values.Contains(right, left, run),
                "<" => Values.Compare(left, right, run) < 0,
                "<=" => Values.Compare(left, right, run) <= 0,
                ">" => Values.Compare(left, right, run) > 0,
                _ => Values.Compare(left, right, run) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }
}

sealed record Calculation(int Line, string Sign, Expression Left, Expression Right)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? left = Left.Value(scope, run),
            right = Right.Value(scope, run);
        run.Line = Line;
        return Values.Calculate(Sign, left, right, run);
    }
}

sealed record Signed(int Line, bool Negative, Expression Inner) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run) =>
        Values.Calculate(Negative ? "-" : "+", 0L, Inner.Value(scope, run), run);
}

/// <summary>a.b, where methods go before keys, or a[b].</summary>
sealed record Member(int Line, Expression Of, Expression Key, bool Dotted) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? of = Of.Value(scope, run),
            key = Key.Value(scope, run);
        run.Line = Line;
        if (of is Undefined gone)
        {
            throw run.Refuse($"{gone.Name} is not defined, so it has no {Short(key)}.");
        }

        if (Dotted && key is string name && Methods.Of(of, name) is { } method)
        {
            return method;
        }

        switch (of)
        {
            case Dictionary<string, object?> map
                when key is string known && map.TryGetValue(known, out object? value):
                return value;
            case Fields fields
                when key is string known && fields.Values.TryGetValue(known, out object? value):
                return value;
            case List<object?> list when Values.Whole(key) is { } index:
                return Values.Place(index, list.Count) is { } at ? list[at] : Missing(key);
            case string text when Values.Whole(key) is { } index && PythonText.IsPlain(text):
                return Values.Place(index, text.Length) is { } unit
                    ? $"{text[unit]}"
                    : Missing(key);
            case string text when Values.Whole(key) is { } index:
                run.Step(text.Length / 8);
                List<object?> characters = PythonText.Characters(text);
                return Values.Place(index, characters.Count) is { } place
                    ? characters[place]
                    : Missing(key);
            default:
                return (key is string word ? (object?)Methods.Of(of, word) : null) ?? Missing(key);
        }
    }

    static Undefined Missing(object? key) => new Undefined(Short(key));

    static string Short(object? key) => key is string or long ? $"'{key}'" : Values.NameOf(key);
}

sealed record Sliced(int Line, Expression Of, Expression? From, Expression? To, Expression? Step)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? of = Of.Value(scope, run);
        long? from = Bound(From, scope, run),
            to = Bound(To, scope, run),
            step = Bound(Step, scope, run);
        run.Line = Line;
        return Values.Slice(of, from, to, step, run);
    }

    static long? Bound(Expression? bound, Scope scope, TemplateRun run) =>
        bound?.Value(scope, run) is not { } value
            ? null
            : Values.Whole(value)
                ?? throw run.Refuse($"a slice goes by whole numbers, not {Values.NameOf(value)}.");
}

/// <summary>What stands in the brackets of a call.</summary>
sealed record ArgumentList(
    IReadOnlyList<Expression> Plain,
    IReadOnlyList<(string Name, Expression Value)> Named
)
{
    public static ArgumentList Empty { get; } = new([], []);

    public Arguments Values(string function, Scope scope, TemplateRun run) =>
        new(
            function,
            [.. Plain.Select(a => a.Value(scope, run))],
            Named.ToDictionary(a => a.Name, a => a.Value.Value(scope, run)),
            run
        );
}

sealed record Call(int Line, Expression Function, ArgumentList Arguments) : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        string name = Function switch
        {
            Named named => named.Name,
            Member { Key: Constant { Content: string member } } => member,
            _ => "a function",
        };
        object? function = Function.Value(scope, run);
        Arguments arguments = Arguments.Values(name, scope, run);
        run.Line = Line;
        return function is Callable callable
            ? callable.Call(run, arguments)
            : throw run.Refuse(
                function is Undefined
                    ? $"Espalier knows no function '{name}' here."
                    : $"'{name}' is {Chat.Values.NameOf(function)}, and cannot be called."
            );
    }
}

sealed record Filtered(int Line, Expression Inner, string Filter, ArgumentList Arguments)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? value = Inner.Value(scope, run);
        Arguments arguments = Arguments.Values(Filter, scope, run);
        run.Line = Line;
        return Filters.All[Filter](value, arguments, run);
    }
}

sealed record Tested(int Line, Expression Inner, string Test, ArgumentList Arguments)
    : Expression(Line)
{
    protected override object? Compute(Scope scope, TemplateRun run)
    {
        object? value = Inner.Value(scope, run);
        Arguments arguments = Arguments.Values(Test, scope, run);
        run.Line = Line;
        return Tests.All[Test](value, arguments, run);
    }
}
