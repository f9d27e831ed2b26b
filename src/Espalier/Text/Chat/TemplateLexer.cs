using System.Globalization;
using System.Text;

namespace Espalier.Text.Chat;

/// <summary>What a piece of a template is.</summary>
enum Lexeme
{
    /// <summary>Text between tags.</summary>
    Data,
    BlockBegin,
    BlockEnd,
    OutputBegin,
    OutputEnd,
    Name,
    Text,
    Integer,
    Float,
    Sign,
    End,
}

readonly record struct TemplateToken(Lexeme Kind, string Text, int Line)
{
    public bool Is(Lexeme kind, string text) => Kind == kind && Text == text;
}

/// <summary>
/// Cuts a template into tokens, with the white space of Jinja2 under trim_blocks and lstrip_blocks:
/// a line break behind a block or comment goes, and so do blanks in front of it at the start of a line.
/// </summary>
sealed class TemplateLexer
{
    static readonly string[] Signs =
    [
        "//",
        "**",
        "==",
        "!=",
        ">=",
        "<=",
        .. "+-*/%~[](){}<>=.:|,;".Select(c => $"{c}"),
    ];

    readonly string _source;
    readonly string _where;
    readonly List<TemplateToken> _tokens = [];
    int _at;
    int _line = 1;
    int _lineReached;

    TemplateLexer(string source, string where)
    {
        _source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = _source.EndsWith('\n') ? _source[..^1] : _source;
        _where = where;
    }

    public static List<TemplateToken> Cut(string source, string where)
    {
        TemplateLexer lexer = new(source, where);
        lexer.Run();
        return lexer._tokens;
    }

    void Run()
    {
        bool lineStarts = true; // whether the text at hand begins a line
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            char kind = tag < _source.Length ? _source[tag + 1] : ' ';
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            Data(tag, kind, sign, lineStarts);
            if (tag == _source.Length)
            {
                break;
            }

            _at = tag + 2 + (sign is '-' or '+' ? 1 : 0);
            if (kind == '#')
            {
                int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
                bool signed = end > _at && _source[end - 1] is ('-' or '+');
                _at = end < 0 ? throw Refuse("a comment is not closed.") : end - (signed ? 1 : 0);
                lineStarts = Close('#');
            }
            else if (kind == '%' && IsWord("raw", out int behind))
            {
                lineStarts = Raw(behind);
            }
            else
            {
                Add(kind == '%' ? Lexeme.BlockBegin : Lexeme.OutputBegin, "");
                lineStarts = Inside(kind);
            }
        }

        Add(Lexeme.End, "");
    }

    int NextTag(int from)
    {
        for (int at = from; at + 1 < _source.Length; at++)
        {
            if (_source[at] == '{' && _source[at + 1] is ('{' or '%' or '#'))
            {
                return at;
            }
        }

        return _source.Length;
    }

    void Data(int end, char kind, char sign, bool lineStarts)
    {
        string text = _source[_at..end];
        if (end < _source.Length && sign == '-')
        {
            text = text.TrimEnd(PythonText.Spaces);
        }
        else if (end < _source.Length && kind != '{' && sign != '+')
        {
            int line = text.LastIndexOf('\n') + 1;
            if ((line > 0 || lineStarts) && text.AsSpan(line).Trim(PythonText.Spaces).IsEmpty)
            {
                text = text[..line];
            }
        }

        if (text.Length > 0)
        {
            Add(Lexeme.Data, text);
        }
    }

    // {% raw %} … {% endraw %}: what stands between is text.
    bool Raw(int behind)
    {
        _at = behind;
        bool trims = _source[_at] == '-';
        _at += trims ? 3 : 2;
        int from = _at;
        while (trims && from < _source.Length && PythonText.IsSpace(_source[from]))
        {
            from++;
        }

        for (int tag = from; ; tag += 2)
        {
            tag = _source.IndexOf("{%", tag, StringComparison.Ordinal);
            if (tag < 0)
            {
                throw Refuse("a raw block is not closed.");
            }

            char sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            _at = tag + 2 + (sign is '-' or '+' ? 1 : 0);
            if (!IsWord("endraw", out int end))
            {
                continue;
            }

            _at = from;
            Data(tag, '%', sign, lineStarts: _source[from - 1] == '\n');
            _at = end;
            return Close('%');
        }
    }

    // Whether a block holds a single word; behind it stands the end of the block.
    bool IsWord(string word, out int behind)
    {
        behind = Skip(_at);
        if (!_source.AsSpan(behind).StartsWith(word))
        {
            return false;
        }

        behind = Skip(behind + word.Length);
        ReadOnlySpan<char> rest = _source.AsSpan(behind);
        return rest.StartsWith("%}") || rest.StartsWith("-%}") || rest.StartsWith("+%}");
    }

    int Skip(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    // Passes over the end of a tag; whether a line break went with it.
    bool Close(char kind)
    {
        char sign = _source[_at];
        _at += sign is '-' or '+' ? 3 : 2;
        if (sign == '-')
        {
            _at = Skip(_at);
        }
        else if (sign != '+' && kind != '{' && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }

        return _source[_at - 1] == '\n';
    }

    bool Inside(char kind)
    {
        string close = kind == '%' ? "%}" : "}}";
        Stack<char> open = [];
        while (true)
        {
            _at = Skip(_at);
            if (_at >= _source.Length)
            {
                throw Refuse($"a tag is not closed; {close} is expected.");
            }

            ReadOnlySpan<char> rest = _source.AsSpan(_at);
            bool signed = rest.Length > 2 && (rest[0] == '-' || rest[0] == '+' && kind == '%');
            if (
                open.Count == 0
                && (rest.StartsWith(close) || signed && rest[1..].StartsWith(close))
            )
            {
                Add(kind == '%' ? Lexeme.BlockEnd : Lexeme.OutputEnd, "");
                return Close(kind);
            }

            if (rest[0] is '"' or '\'')
            {
                Quoted(rest[0]);
            }
            else if (char.IsAsciiDigit(rest[0]))
            {
                Number(rest);
            }
            else if (char.IsLetter(rest[0]) || rest[0] == '_')
            {
                int length = 1;
                while (
                    length < rest.Length
                    && (char.IsLetterOrDigit(rest[length]) || rest[length] == '_')
                )
                {
                    length++;
                }

                Add(Lexeme.Name, rest[..length].ToString());
                _at += length;
            }
            else
            {
                Sign(rest, open);
            }
        }
    }

    void Sign(ReadOnlySpan<char> rest, Stack<char> open)
    {
        foreach (string sign in Signs)
        {
            if (!rest.StartsWith(sign))
            {
                continue;
            }

            char first = sign[0];
            if (first is '(' or '[' or '{')
            {
                open.Push(
                    first == '(' ? ')'
                    : first == '[' ? ']'
                    : '}'
                );
            }
            else if (
                first is ')' or ']' or '}'
                && !(open.TryPop(out char wanted) && wanted == first)
            )
            {
                throw Refuse($"'{first}' closes nothing.");
            }

            Add(Lexeme.Sign, sign);
            _at += sign.Length;
            return;
        }

        throw Refuse($"the character '{rest[0]}' is not known here.");
    }

    void Number(ReadOnlySpan<char> rest)
    {
        int length = Digits(rest, 0);
        bool whole = true;
        if (length + 1 < rest.Length && rest[length] == '.' && char.IsAsciiDigit(rest[length + 1]))
        {
            length = Digits(rest, length + 1);
            whole = false;
        }

        if (length < rest.Length && rest[length] is 'e' or 'E')
        {
            int from = length + 1;
            from += from < rest.Length && rest[from] is '+' or '-' ? 1 : 0;
            int end = Digits(rest, from);
            (length, whole) = end > from ? (end, false) : (length, whole);
        }

        Add(
            whole ? Lexeme.Integer : Lexeme.Float,
            rest[..length].ToString().Replace("_", "", StringComparison.Ordinal)
        );
        _at += length;
    }

    static int Digits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        return at;
    }

    void Quoted(char quote)
    {
        StringBuilder text = new();
        int at = _at + 1;
        for (; at < _source.Length && _source[at] != quote; at++)
        {
            if (_source[at] != '\\' || at + 1 == _source.Length)
            {
                text.Append(_source[at]);
                continue;
            }

            at++;
            int digits = _source[at] switch
            {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            if (digits > 0)
            {
                text.Append(Escape(at + 1, digits));
                at += digits;
                continue;
            }

            text.Append(
                _source[at] switch
                {
                    'n' => "\n",
                    't' => "\t",
                    'r' => "\r",
                    'a' => "\a",
                    'b' => "\b",
                    'f' => "\f",
                    'v' => "\v",
                    '\n' => "",
                    '\\' or '\'' or '"' => $"{_source[at]}",
                    'N' or (>= '0' and <= '7') => throw Refuse(
                        $"the escape \\{_source[at]} is not known here; write \\x or \\u."
                    ),
                    char other => $"\\{other}",
                }
            );
        }

        if (at >= _source.Length)
        {
            throw Refuse("a string is not closed.");
        }

        Add(Lexeme.Text, text.ToString());
        _at = at + 1;
    }

    string Escape(int from, int digits) =>
        from + digits <= _source.Length
        && int.TryParse(
            _source.AsSpan(from, digits),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out int code
        )
        && code is >= 0 and <= 0x10FFFF
            ? code < 0x10000
                ? $"{(char)code}"
                : char.ConvertFromUtf32(code)
            : throw Refuse("an escape is not that of a character.");

    void Add(Lexeme kind, string text) => _tokens.Add(new TemplateToken(kind, text, Line()));

    int Line()
    {
        int to = Math.Min(_at, _source.Length);
        if (to > _lineReached)
        {
            _line += _source.AsSpan(_lineReached..to).Count('\n');
            _lineReached = to;
        }

        return _line;
    }

    InvalidDataException Refuse(string why) => new($"{_where}, line {Line()}: {why}");
}
