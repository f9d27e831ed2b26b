using System.Text;

namespace Espalier.Text.Chat;

/// <summary>How a statement ended: on to the next, or out of this turn of a loop, or out of the loop.</summary>
enum Flow
{
    On,
    Continue,
    Break,
}

/// <summary>A part of a template that does something.</summary>
abstract record Statement(int Line)
{
    public Flow Run(Scope scope, StringBuilder output, TemplateRun run)
    {
        run.Line = Line;
        run.Descend();
        return Do(scope, output, run);
    }

    public static Flow RunAll(
        IReadOnlyList<Statement> body,
        Scope scope,
        StringBuilder output,
        TemplateRun run
    )
    {
        foreach (Statement statement in body)
        {
            if (statement.Run(scope, output, run) is var flow and not Flow.On)
            {
                return flow;
            }
        }

        return Flow.On;
    }

    protected abstract Flow Do(Scope scope, StringBuilder output, TemplateRun run);
}

sealed record Plain(int Line, string Text) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        output.Append(run.Made(Text));
        return Flow.On;
    }
}

sealed record Shown(int Line, Expression Value) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        output.Append(run.Made(PythonText.Str(Value.Value(scope, run), run)));
        return Flow.On;
    }
}

sealed record If(
    int Line,
    IReadOnlyList<(Expression? Test, IReadOnlyList<Statement> Body)> Branches
) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        foreach ((Expression? test, IReadOnlyList<Statement> body) in Branches)
        {
            if (test is null || test.Holds(scope, run))
            {
                return RunAll(body, scope, output, run);
            }
        }

        return Flow.On;
    }
}

sealed record Leave(int Line, Flow Flow) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run) => Flow;
}

/// <summary>{% generation %}, which marks for training what the model said: here its body alone.</summary>
sealed record Group(int Line, IReadOnlyList<Statement> Body) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run) =>
        RunAll(Body, new Scope(scope), output, run);
}

/// <summary>Names that get a value, or the field of a namespace.</summary>
sealed record Target(int Line, IReadOnlyList<string> Names, string? Field)
{
    public void Give(object? value, Scope scope, TemplateRun run)
    {
        if (Field is not null)
        {
            Fields fields =
                scope[Names[0]] as Fields
                ?? throw run.Refuse($"'{Names[0]}' is no namespace, so no field of it can be set.");
            fields.Values[Field] = value;
            return;
        }

        if (Names.Count == 1)
        {
            scope[Names[0]] = value;
            return;
        }

        List<object?> items = Values.Items(value, run);
        if (items.Count != Names.Count)
        {
            throw run.Refuse($"{Names.Count} values are expected, not {items.Count}.");
        }

        for (int i = 0; i < items.Count; i++)
        {
            scope[Names[i]] = items[i];
        }
    }
}

sealed record Set(int Line, Target Target, Expression Value) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        object? value = Value.Value(scope, run);
        run.Line = Line;
        Target.Give(value, scope, run);
        return Flow.On;
    }
}

/// <summary>{% set name %} … {% endset %}</summary>
sealed record SetText(int Line, Target Target, IReadOnlyList<Statement> Body) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        StringBuilder text = new();
        RunAll(Body, new Scope(scope), text, run);
        Target.Give(text.ToString(), scope, run);
        return Flow.On;
    }
}

sealed record For(
    int Line,
    Target Target,
    Expression Over,
    Expression? Filter,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Else
) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        List<object?> items = [.. Values.Items(Over.Value(scope, run), run)];
        if (Filter is not null)
        {
            items.RemoveAll(item =>
            {
                Scope inner = new(scope);
                Target.Give(item, inner, run);
                return !Filter.Holds(inner, run);
            });
        }

        for (int i = 0; i < items.Count; i++)
        {
            run.Step(1);
            Scope inner = new(scope);
            inner["loop"] = Place(items, i);
            Target.Give(items[i], inner, run);
            if (RunAll(Body, inner, output, run) == Flow.Break)
            {
                break;
            }
        }

        return items.Count == 0 ? RunAll(Else, new Scope(scope), output, run) : Flow.On;
    }

    static Fields Place(List<object?> items, int i)
    {
        Fields loop = new();
        loop.Values["index"] = i + 1L;
        loop.Values["index0"] = (long)i;
        loop.Values["revindex"] = (long)items.Count - i;
        loop.Values["revindex0"] = (long)items.Count - i - 1;
        loop.Values["first"] = i == 0;
        loop.Values["last"] = i == items.Count - 1;
        loop.Values["length"] = (long)items.Count;
        loop.Values["previtem"] = i > 0 ? items[i - 1] : new Undefined("loop.previtem");
        loop.Values["nextitem"] =
            i + 1 < items.Count ? items[i + 1] : new Undefined("loop.nextitem");
        loop.Values["cycle"] = new Callable(
            (run, arguments) =>
                arguments.Plain.Count > 0
                    ? arguments.Plain[i % arguments.Plain.Count]
                    : throw run.Refuse("'cycle' needs something to go through.")
        );
        return loop;
    }
}

sealed record Macro(
    int Line,
    string Name,
    IReadOnlyList<(string Name, Expression? Usual)> Parameters,
    IReadOnlyList<Statement> Body
) : Statement(Line)
{
    protected override Flow Do(Scope scope, StringBuilder output, TemplateRun run)
    {
        string[] names = [.. Parameters.Select(p => p.Name)];
        scope[Name] = new Callable(
            (run, arguments) =>
                run.Call(() =>
                {
                    arguments.Take(0, names);
                    Scope inner = new(scope);
                    for (int i = 0; i < names.Length; i++)
                    {
                        inner[names[i]] =
                            arguments.Has(i, names[i]) ? arguments.Get(i, names[i])
                            : Parameters[i].Usual is { } usual ? usual.Value(inner, run)
                            : new Undefined($"'{names[i]}'");
                    }

                    StringBuilder text = new();
                    RunAll(Body, inner, text, run);
                    return text.ToString();
                })
        );
        return Flow.On;
    }
}
