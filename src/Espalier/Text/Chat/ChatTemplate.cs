using System.Text;

namespace Espalier.Text.Chat;

/// <summary>
/// The template by which a model wants to be spoken to: the part of Jinja2 that templates of
/// language models use, as transformers runs it (trim_blocks, lstrip_blocks, nothing escaped).
/// Whatever is not known is refused by name and line. Immutable: any number of threads may use one.
/// </summary>
public sealed class ChatTemplate
{
    const int LargestSource = 1 << 20;
    const int LargestRange = 100_000;
    readonly IReadOnlyList<Statement> _body;
    readonly string _where;
    readonly IReadOnlyDictionary<string, string> _tokens;

    ChatTemplate(
        string source,
        string where,
        IReadOnlyList<Statement> body,
        IReadOnlyDictionary<string, string> tokens
    ) => (Source, _where, _body, _tokens) = (source, where, body, tokens);

    /// <summary>The template as it was written.</summary>
    public string Source { get; }

    /// <param name="source">The template.</param>
    /// <param name="where">What it is called in messages, such as the path of its file.</param>
    /// <param name="tokens">Special tokens that it may name, such as bos_token.</param>
    /// <exception cref="InvalidDataException">It is no template, or asks for what is not known.</exception>
    public static ChatTemplate Parse(
        string source,
        string where,
        IReadOnlyDictionary<string, string> tokens
    )
    {
        if (source.Length > LargestSource)
        {
            throw new InvalidDataException(
                $"{where}: a chat template has at most {LargestSource} characters, not {source.Length}."
            );
        }

        return new ChatTemplate(source, where, TemplateParser.Parse(source, where), tokens);
    }

    /// <summary>The conversation as a text in which special tokens are written out; encode it without others around.</summary>
    /// <param name="messages">What was said, in order.</param>
    /// <param name="addGenerationPrompt">Whether it ends with the beginning of what the model says next.</param>
    /// <param name="settings">
    /// Further names that the template may ask for, such as enable_thinking: null, bool, long, double,
    /// string, and List and Dictionary of them.
    /// </param>
    /// <param name="now">The time that strftime_now tells; without it the template is told of no such function.</param>
    /// <exception cref="InvalidDataException">
    /// The template refuses this conversation, cannot be computed with it, or does not come to an end.
    /// </exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt,
        IReadOnlyDictionary<string, object?>? settings = null,
        DateTimeOffset? now = null
    )
    {
        Scope scope = new(null);
        foreach ((string name, string token) in _tokens)
        {
            scope[name] = token;
        }

        scope["messages"] = messages
            .Select(m =>
                (object?)
                    new Dictionary<string, object?>(StringComparer.Ordinal)
                    {
                        ["role"] = m.Role,
                        ["content"] = m.Content,
                    }
            )
            .ToList();
        scope["add_generation_prompt"] = addGenerationPrompt;
        scope["tools"] = null;
        scope["documents"] = null;
        scope["raise_exception"] = new Callable(
            (run, arguments) =>
                throw run.Refuse(
                    $"the template refuses this conversation: {arguments.Take(1, "message").Text(0, "message")}"
                )
        );
        scope["namespace"] = new Callable((_, arguments) => Namespace(arguments));
        scope["dict"] = new Callable(
            (_, arguments) =>
                new Dictionary<string, object?>(arguments.Take(0, [.. arguments.Named.Keys]).Named)
        );
        scope["range"] = new Callable((run, arguments) => Range(arguments, run));
        if (now is { } time)
        {
            scope["strftime_now"] = new Callable(
                (run, arguments) =>
                    Written(time, arguments.Take(1, "format").Text(0, "format"), run)
            );
        }

        foreach ((string name, object? value) in settings ?? new Dictionary<string, object?>())
        {
            scope[name] = value;
        }

        StringBuilder output = new();
        Statement.RunAll(_body, new Scope(scope), output, new TemplateRun(_where));
        return output.ToString();
    }

    static Fields Namespace(Arguments arguments)
    {
        Fields fields = new();
        foreach ((string name, object? value) in arguments.Take(0, [.. arguments.Named.Keys]).Named)
        {
            fields.Values[name] = value;
        }

        return fields;
    }

    static List<object?> Range(Arguments arguments, TemplateRun run)
    {
        arguments.Take(1, "start", "stop", "step");
        long first = arguments.OptionalWhole(0, "start") ?? 0;
        bool one = !arguments.Has(1, "stop");
        (long start, long stop) = one
            ? (0, first)
            : (first, arguments.OptionalWhole(1, "stop") ?? 0);
        long step = arguments.OptionalWhole(2, "step") ?? 1;
        List<object?> numbers = [];
        for (Int128 at = start; step > 0 ? at < stop : step < 0 && at > stop; at += step)
        {
            run.Step(1);
            numbers.Add((long)at);
            if (numbers.Count > LargestRange)
            {
                throw run.Refuse($"a range has at most {LargestRange} numbers.");
            }
        }

        return step != 0 ? numbers : throw run.Refuse("a range must not have the step 0.");
    }

    static string Written(DateTimeOffset time, string format, TemplateRun run)
    {
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || ++i == format.Length)
            {
                text.Append(format[Math.Min(i, format.Length - 1)]);
                continue;
            }

            string? part = format[i] switch
            {
                'd' => "dd",
                'm' => "MM",
                'y' => "yy",
                'Y' => "yyyy",
                'b' => "MMM",
                'B' => "MMMM",
                'a' => "ddd",
                'A' => "dddd",
                'H' => "HH",
                'I' => "hh",
                'M' => "mm",
                'S' => "ss",
                'p' => "tt",
                '%' => "",
                char other => throw run.Refuse(
                    $"'strftime_now' knows the usual parts of a date and a time, not %{other}."
                ),
            };
            text.Append(
                part.Length == 0
                    ? "%"
                    : time.ToString(part, System.Globalization.CultureInfo.InvariantCulture)
            );
        }

        return text.ToString();
    }
}
