using System.Globalization;

namespace Espalier.Text.Chat;

/// <summary>Reads expressions, with Jinja2's precedence.</summary>
sealed partial class TemplateParser
{
    static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    // One value, or several with commas between, which are a list.
    Expression Tuple()
    {
        int line = Now.Line;
        Expression first = Value();
        if (!Now.Is(Lexeme.Sign, ","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (Skip(",") && !EndsTuple())
        {
            items.Add(Value());
        }

        return new ListOf(line, items);
    }

    bool EndsTuple() => Now.Kind is Lexeme.BlockEnd or Lexeme.OutputEnd || Now.Is(Lexeme.Sign, ")");

    Expression Value()
    {
        if (++_depth > Deepest)
        {
            throw Refuse($"expressions are nested more than {Deepest} deep.");
        }

        Expression value = Or();
        while (Now.Is(Lexeme.Name, "if"))
        {
            int line = Next().Line;
            Expression test = Or();
            value = new Choice(line, test, value, SkipName("else") ? Value() : null);
        }

        _depth--;
        return value;
    }

    Expression Or()
    {
        Expression left = And();
        while (Now.Is(Lexeme.Name, "or"))
        {
            left = new Either(Next().Line, And: false, left, And());
        }

        return left;
    }

    Expression And()
    {
        Expression left = NotOrCompare();
        while (Now.Is(Lexeme.Name, "and"))
        {
            left = new Either(Next().Line, And: true, left, NotOrCompare());
        }

        return left;
    }

    Expression NotOrCompare()
    {
        int line = Now.Line,
            count = 0;
        while (SkipName("not"))
        {
            count++;
        }

        Expression value = Compare();
        value = count > 0 ? new Not(line, value) : value;
        return count > 0 && count % 2 == 0 ? new Not(line, value) : value;
    }

    Expression Compare()
    {
        int line = Now.Line;
        Expression first = Sum();
        List<(string, Expression)> others = [];
        while (true)
        {
            if (Now.Kind == Lexeme.Sign && Comparisons.Contains(Now.Text))
            {
                others.Add((Next().Text, Sum()));
            }
            else if (SkipName("in"))
            {
                others.Add(("in", Sum()));
            }
            else if (Now.Is(Lexeme.Name, "not") && Behind.Is(Lexeme.Name, "in"))
            {
                _at += 2;
                others.Add(("not in", Sum()));
            }
            else
            {
                return others.Count == 0 ? first : new Comparison(line, first, others);
            }
        }
    }

    Expression Sum() => Chain(Joined, "+", "-");

    Expression Joined() => Chain(Product, "~");

    Expression Product() => Chain(Power, "*", "/", "//", "%");

    Expression Power() => Chain(() => Unary(filters: true), "**");

    Expression Chain(Func<Expression> operand, params string[] signs)
    {
        Expression left = operand();
        while (Now.Kind == Lexeme.Sign && signs.Contains(Now.Text))
        {
            TemplateToken sign = Next();
            left = new Calculation(sign.Line, sign.Text, left, operand());
        }

        return left;
    }

    Expression Unary(bool filters)
    {
        if (++_depth > Deepest)
        {
            throw Refuse($"expressions are nested more than {Deepest} deep.");
        }

        int line = Now.Line;
        Expression value =
            Skip("-") ? new Signed(line, Negative: true, Unary(filters: false))
            : Skip("+") ? new Signed(line, Negative: false, Unary(filters: false))
            : Primary();
        value = Postfix(value);
        while (filters)
        {
            if (Skip("|"))
            {
                value = Filter(value);
            }
            else if (SkipName("is"))
            {
                value = Test(value);
            }
            else if (Now.Is(Lexeme.Sign, "("))
            {
                value = new Call(Now.Line, value, ArgumentsOf());
            }
            else
            {
                break;
            }
        }

        _depth--;
        return value;
    }

    Expression Primary()
    {
        TemplateToken token = Next();
        switch (token.Kind)
        {
            case Lexeme.Name:
                return token.Text switch
                {
                    "true" or "True" => new Constant(token.Line, true),
                    "false" or "False" => new Constant(token.Line, false),
                    "none" or "None" => new Constant(token.Line, null),
                    string name => new Named(token.Line, name),
                };
            case Lexeme.Text:
                string text = token.Text;
                while (Now.Kind == Lexeme.Text)
                {
                    text += Next().Text;
                }

                return new Constant(token.Line, text);
            case Lexeme.Integer:
                return long.TryParse(
                    token.Text,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out long whole
                )
                    ? new Constant(token.Line, whole)
                    : throw Refuse($"{token.Text} is too large.", token.Line);
            case Lexeme.Float:
                return new Constant(
                    token.Line,
                    double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)
                );
            case Lexeme.Sign when token.Text == "(":
                if (Skip(")"))
                {
                    return new ListOf(token.Line, []);
                }

                Expression inner = Tuple();
                Demand(Lexeme.Sign, ")");
                return inner;
            case Lexeme.Sign when token.Text == "[":
                List<Expression> items = [];
                Items("]", () => items.Add(Value()));
                return new ListOf(token.Line, items);
            case Lexeme.Sign when token.Text == "{":
                List<(Expression, Expression)> pairs = [];
                Items(
                    "}",
                    () =>
                    {
                        Expression key = Value();
                        Demand(Lexeme.Sign, ":");
                        pairs.Add((key, Value()));
                    }
                );
                return new MapOf(token.Line, pairs);
            default:
                throw Refuse(
                    token.Kind == Lexeme.Sign
                        ? $"a value is expected, not '{token.Text}'."
                        : "a value is expected.",
                    token.Line
                );
        }
    }

    void Items(string close, Action read)
    {
        for (bool first = true; !Skip(close); first = false)
        {
            if (!first)
            {
                Demand(Lexeme.Sign, ",");
                if (Skip(close))
                {
                    return;
                }
            }

            read();
        }
    }

    Expression Postfix(Expression value)
    {
        while (true)
        {
            int line = Now.Line;
            if (Skip("."))
            {
                TemplateToken name = Next();
                value = name.Kind switch
                {
                    Lexeme.Name => new Member(
                        line,
                        value,
                        new Constant(line, name.Text),
                        Dotted: true
                    ),
                    Lexeme.Integer => new Member(
                        line,
                        value,
                        new Constant(
                            line,
                            long.Parse(name.Text, NumberStyles.None, CultureInfo.InvariantCulture)
                        ),
                        Dotted: false
                    ),
                    _ => throw Refuse("a name is expected behind a dot.", name.Line),
                };
            }
            else if (Skip("["))
            {
                value = Subscript(line, value);
            }
            else if (Now.Is(Lexeme.Sign, "("))
            {
                value = new Call(line, value, ArgumentsOf());
            }
            else
            {
                return value;
            }
        }
    }

    Expression Subscript(int line, Expression value)
    {
        Expression? from = Now.Is(Lexeme.Sign, ":") ? null : Value();
        if (from is not null && Skip("]"))
        {
            return new Member(line, value, from, Dotted: false);
        }

        Demand(Lexeme.Sign, ":");
        Expression? to = IsBound() ? Value() : null;
        Expression? step = Skip(":") && IsBound() ? Value() : null;
        Demand(Lexeme.Sign, "]");
        return new Sliced(line, value, from, to, step);
    }

    bool IsBound() => !(Now.Is(Lexeme.Sign, ":") || Now.Is(Lexeme.Sign, "]"));

    ArgumentList ArgumentsOf()
    {
        Demand(Lexeme.Sign, "(");
        List<Expression> plain = [];
        List<(string Name, Expression)> named = [];
        Items(
            ")",
            () =>
            {
                if (Now.Kind == Lexeme.Name && Behind.Is(Lexeme.Sign, "="))
                {
                    string name = Next().Text;
                    _at++;
                    if (named.Exists(a => a.Name == name))
                    {
                        throw Refuse($"the argument '{name}' is given twice.");
                    }

                    named.Add((name, Value()));
                    return;
                }

                if (named.Count > 0)
                {
                    throw Refuse("an argument without a name stands behind one with a name.");
                }

                plain.Add(Value());
            }
        );
        return new ArgumentList(plain, named);
    }

    Filtered Filter(Expression value)
    {
        TemplateToken name = Next();
        if (name.Kind != Lexeme.Name || !Filters.All.ContainsKey(name.Text))
        {
            throw Refuse($"Espalier knows no filter '{name.Text}'.", name.Line);
        }

        return new Filtered(
            name.Line,
            value,
            name.Text,
            Now.Is(Lexeme.Sign, "(") ? ArgumentsOf() : ArgumentList.Empty
        );
    }

    Expression Test(Expression value)
    {
        int line = Now.Line;
        bool negated = SkipName("not");
        TemplateToken name = Next();
        if (name.Kind != Lexeme.Name || !Tests.All.ContainsKey(name.Text))
        {
            throw Refuse($"Espalier knows no test '{name.Text}'.", name.Line);
        }

        ArgumentList arguments = ArgumentList.Empty;
        if (Now.Is(Lexeme.Sign, "("))
        {
            arguments = ArgumentsOf();
        }
        else if (Now.Is(Lexeme.Name, "is"))
        {
            throw Refuse("tests cannot be chained; put the first in brackets.");
        }
        else if (
            Now.Kind is Lexeme.Text or Lexeme.Integer or Lexeme.Float
            || Now.Kind == Lexeme.Sign && Now.Text is ("[" or "{")
            || Now.Kind == Lexeme.Name && Now.Text is not ("else" or "or" or "and")
        )
        {
            arguments = new ArgumentList([Postfix(Primary())], []);
        }

        Expression test = new Tested(line, value, name.Text, arguments);
        return negated ? new Not(line, test) : test;
    }
}
