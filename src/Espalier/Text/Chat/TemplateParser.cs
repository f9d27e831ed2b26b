namespace Espalier.Text.Chat;

/// <summary>Reads the statements of a template; what Espalier does not know is refused by name.</summary>
sealed partial class TemplateParser
{
    const int Deepest = 100;
    readonly string _where;
    readonly List<TemplateToken> _tokens;
    int _at;
    int _depth;
    int _loops;

    TemplateParser(string source, string where) =>
        (_where, _tokens) = (where, TemplateLexer.Cut(source, where));

    public static IReadOnlyList<Statement> Parse(string source, string where)
    {
        TemplateParser parser = new(source, where);
        List<Statement> body = parser.Body();
        return parser.Now.Kind == Lexeme.End
            ? body
            : throw parser.Refuse($"'{parser.Behind.Text}' ends nothing here.");
    }

    TemplateToken Now => _tokens[_at];

    TemplateToken Behind => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    // The end stays where it is.
    TemplateToken Next() => Now.Kind == Lexeme.End ? Now : _tokens[_at++];

    /// <summary>Statements up to a block that begins with one of <paramref name="ends"/>, which is left.</summary>
    List<Statement> Body(params ReadOnlySpan<string> ends)
    {
        if (++_depth > Deepest)
        {
            throw Refuse($"blocks are nested more than {Deepest} deep.");
        }

        List<Statement> body = [];
        while (Now.Kind != Lexeme.End)
        {
            TemplateToken token = Now;
            if (token.Kind == Lexeme.BlockBegin)
            {
                TemplateToken word = Behind;
                if (word.Kind != Lexeme.Name)
                {
                    throw Refuse("the name of a block is expected.");
                }

                if (ends.Contains(word.Text) || IsEnd(word.Text))
                {
                    break;
                }

                _at += 2;
                body.Add(Block(word));
                continue;
            }

            _at++;
            if (token.Kind == Lexeme.Data)
            {
                body.Add(new Plain(token.Line, token.Text));
                continue;
            }

            body.Add(new Shown(token.Line, Tuple()));
            Demand(Lexeme.OutputEnd, "}}");
        }

        _depth--;
        return body;
    }

    static bool IsEnd(string word) =>
        word is "else" or "elif" || word.StartsWith("end", StringComparison.Ordinal);

    Statement Block(TemplateToken word)
    {
        switch (word.Text)
        {
            case "if":
                return If(word.Line);
            case "for":
                return For(word.Line);
            case "set":
                return Set(word.Line);
            case "macro":
                return Macro(word.Line);
            case "generation":
                End();
                List<Statement> body = Body("endgeneration");
                Close("endgeneration");
                return new Group(word.Line, body);
            case "break" or "continue" when _loops > 0:
                End();
                return new Leave(word.Line, word.Text == "break" ? Flow.Break : Flow.Continue);
            default:
                throw Refuse(
                    $"Espalier knows if, for, set, macro, generation, break and continue here, not '{word.Text}'."
                );
        }
    }

    If If(int line)
    {
        List<(Expression?, IReadOnlyList<Statement>)> branches = [];
        Expression? test = Tuple();
        while (true)
        {
            End();
            branches.Add((test, test is null ? Body("endif") : Body("elif", "else", "endif")));
            switch (Word())
            {
                case "elif" when test is not null:
                    test = Tuple();
                    break;
                case "else" when test is not null:
                    test = null;
                    break;
                case "endif":
                    End();
                    return new If(line, branches);
                case string other:
                    throw Refuse($"endif is expected, not '{other}'.");
            }
        }
    }

    For For(int line)
    {
        Target target = Targets(line, fields: false);
        DemandName("in");
        Expression over = Or();
        if (Now.Is(Lexeme.Sign, ","))
        {
            throw Refuse("a loop goes through one value.");
        }

        Expression? filter = SkipName("if") ? Value() : null;
        if (Now.Is(Lexeme.Name, "recursive"))
        {
            throw Refuse("Espalier knows no recursive loops.");
        }

        End();
        _loops++;
        List<Statement> body = Body("else", "endfor");
        _loops--;
        List<Statement> otherwise = [];
        if (Behind.Text == "else")
        {
            Word();
            End();
            otherwise = Body("endfor");
        }

        Close("endfor");
        return new For(line, target, over, filter, body, otherwise);
    }

    Statement Set(int line)
    {
        Target target = Targets(line, fields: true);
        if (Skip("="))
        {
            Expression value = Tuple();
            End();
            return new Set(line, target, value);
        }

        if (Now.Kind != Lexeme.BlockEnd)
        {
            throw Refuse("= or the end of the block is expected behind the name that is set.");
        }

        End();
        int loops = _loops;
        _loops = 0;
        List<Statement> body = Body("endset");
        _loops = loops;
        Close("endset");
        return new SetText(line, target, body);
    }

    Macro Macro(int line)
    {
        string name = Name("a macro needs a name.");
        Demand(Lexeme.Sign, "(");
        List<(string, Expression?)> parameters = [];
        while (!Skip(")"))
        {
            if (parameters.Count > 0)
            {
                Demand(Lexeme.Sign, ",");
            }

            string parameter = Name("the name of a parameter is expected.");
            parameters.Add((parameter, Skip("=") ? Value() : null));
        }

        End();
        int loops = _loops;
        _loops = 0;
        List<Statement> body = Body("endmacro");
        _loops = loops;
        Close("endmacro");
        return new Macro(line, name, parameters, body);
    }

    Target Targets(int line, bool fields)
    {
        bool bracket = Skip("(");
        List<string> names = [Name("a name is expected.")];
        if (fields && Skip("."))
        {
            return new Target(line, names, Name("the field of a namespace is expected."));
        }

        while (Skip(","))
        {
            names.Add(Name("a name is expected."));
        }

        if (bracket)
        {
            Demand(Lexeme.Sign, ")");
        }

        return new Target(line, names, null);
    }

    string Name(string otherwise)
    {
        TemplateToken token = Next();
        return
            token.Kind == Lexeme.Name
            && token.Text is not ("true" or "false" or "none" or "True" or "False" or "None")
            ? token.Text
            : throw Refuse(otherwise, token.Line);
    }

    /// <summary>Passes over the beginning of a block and its name.</summary>
    string Word()
    {
        if (Now.Kind != Lexeme.BlockBegin)
        {
            throw Refuse("a block is not ended.");
        }

        _at++;
        return Next().Text;
    }

    void Close(string word)
    {
        string found = Word();
        if (found != word)
        {
            throw Refuse($"{word} is expected, not '{found}'.");
        }

        End();
    }

    void End() => Demand(Lexeme.BlockEnd, "%}");

    bool Skip(string sign)
    {
        bool found = Now.Is(Lexeme.Sign, sign);
        _at += found ? 1 : 0;
        return found;
    }

    bool SkipName(string name)
    {
        bool found = Now.Is(Lexeme.Name, name);
        _at += found ? 1 : 0;
        return found;
    }

    void DemandName(string name)
    {
        if (!SkipName(name))
        {
            throw Refuse($"'{name}' is expected, not '{Now.Text}'.");
        }
    }

    void Demand(Lexeme kind, string sign)
    {
        bool found = kind == Lexeme.Sign ? Now.Is(kind, sign) : Now.Kind == kind;
        if (!found)
        {
            string there = Now.Kind switch
            {
                Lexeme.End => "the end of the template",
                Lexeme.BlockEnd => "%}",
                Lexeme.OutputEnd => "}}",
                _ => $"'{Now.Text}'",
            };
            throw Refuse($"{sign} is expected, not {there}.");
        }

        _at++;
    }

    InvalidDataException Refuse(string why, int? line = null) =>
        new($"{_where}, line {line ?? Now.Line}: {why}");
}
