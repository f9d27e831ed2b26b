using System.CommandLine;
using System.Text;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Text.Chat;

namespace Espalier.Cli.Commands;

/// <summary>Lets a language model go on from a text, or answer a message.</summary>
sealed class GenerateCommand : EspalierCommand
{
    readonly LanguageOptions _common = new();
    readonly Argument<string> _prompt = new("prompt")
    {
        Description = "The text to go on from; without it standard input is read to its end.",
        DefaultValueFactory = _ => "",
    };
    readonly Option<bool> _chat = new("--chat")
    {
        Description =
            "The prompt is a message, which the model answers in the form of its chat template.",
    };
    readonly Option<string?> _system = OptionValues.Text(
        "--system",
        "text",
        "With --chat: what stands before the message, such as how to answer."
    );
    readonly Option<int> _maxTokens = OptionValues.Number(
        "--max-tokens",
        "Tokens that are written at most.",
        1,
        1 << 20
    );
    readonly Option<double> _temperature = OptionValues.Number(
        "--temperature",
        "0 takes the likeliest token; the higher, the more is left to chance.",
        0.0,
        100
    );
    readonly Option<int> _topK = OptionValues.Number(
        "--top-k",
        "Draw among so many of the likeliest tokens; 0: all.",
        0,
        1 << 20
    );
    readonly Option<double> _topP = OptionValues.Number(
        "--top-p",
        "Draw among the fewest tokens that have this probability together.",
        0.0,
        1
    );
    readonly Option<double> _minP = OptionValues.Number(
        "--min-p",
        "Draw among tokens that have this share of the likeliest one's probability.",
        0.0,
        1
    );
    readonly Option<double> _penalty = OptionValues.Number(
        "--repetition-penalty",
        "Above 1 makes tokens that are there already less likely.",
        0.01,
        100
    );
    readonly Option<ulong> _seed = OptionValues.Number(
        "--seed",
        "The source of all chance: the same seed gives the same text.",
        0UL,
        ulong.MaxValue
    );
    readonly Option<string[]> _stop = new("--stop")
    {
        Description = "The text ends in front of this; several may be given.",
        HelpName = "text",
    };

    public GenerateCommand()
        : base("generate", "Go on from a text with a language model, or answer a message (--chat).")
    {
        _maxTokens.DefaultValueFactory = _ => 256;
        _temperature.DefaultValueFactory = _ => 0;
        _topP.DefaultValueFactory = _ => 1;
        _penalty.DefaultValueFactory = _ => 1;
        _seed.DefaultValueFactory = _ => 1;
        Add(_prompt);
        foreach (
            Option option in (Option[])
                [
                    _common.Model,
                    _chat,
                    _system,
                    _maxTokens,
                    _temperature,
                    _topK,
                    _topP,
                    _minP,
                    _penalty,
                    _seed,
                    _stop,
                    _common.Effort,
                    _common.Threads,
                    _common.Output,
                    _common.Format,
                ]
        )
        {
            Add(option);
        }
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "echo 'Once upon a time' | espalier generate --model SmolLM2-135M.gguf",
        "echo 'What is a trellis?' | espalier generate --model SmolLM2-135M-Instruct.gguf --chat",
        "echo 'Once upon a time' | espalier generate --model runs/E/2-E --effort confidence:0.9",
        "cat prompt.txt | espalier generate --model my-model --temperature 0.8 --top-p 0.95 --seed 7",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.Check(parse, terminal, problems);
        if (parse.Has(_system) && !parse.GetValue(_chat))
        {
            problems.Usage("--system stands before a message; give --chat with it.");
        }

        if (Sampling(parse).Problem is { } problem)
        {
            problems.Usage($"{char.ToUpperInvariant(problem[0])}{problem[1..]}.");
        }

        if (Stops(parse).Contains(""))
        {
            problems.Usage("--stop is empty, which would end every text at once; give it letters.");
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string prompt = parse.GetValue(_prompt) is { Length: > 0 } text
            ? text
            : ReadAll(terminal.In);
        using LanguageModel model = _common.Load(parse, terminal);
        model.Effort = _common.EffortOf(parse, model.Config, terminal);
        bool json = _common.IsJson(parse);
        OutputPlace.Write(
            terminal,
            parse.GetValue(_common.Output),
            to =>
            {
                Action<string>? write = json ? null : piece => Show(to, piece);
                WrittenText written = parse.GetValue(_chat)
                    ? model.Chat(
                        Messages(parse, prompt),
                        Sampling(parse),
                        Stops(parse),
                        write,
                        stop
                    )
                    : model.Generate(prompt, Sampling(parse), Stops(parse), write, stop);
                if (json)
                {
                    Write(to.Out, model, written);
                }
                else
                {
                    to.Out.WriteLine();
                    terminal.Tell(Summary(written, model.Config));
                }
            }
        );
        return ExitCode.Ok;
    }

    SamplingOptions Sampling(ParseResult parse) =>
        new()
        {
            MaxTokens = parse.ValueOf(_maxTokens) is var most and > 0 ? most : 256,
            Temperature = parse.ValueOf(_temperature),
            TopK = parse.ValueOf(_topK),
            TopP = parse.Has(_topP) ? parse.ValueOf(_topP) : 1,
            MinP = parse.ValueOf(_minP),
            RepetitionPenalty = parse.ValueOf(_penalty) is var penalty and > 0 ? penalty : 1,
            Seed = parse.ValueOf(_seed),
        };

    /// <summary>A shell passes \n as two letters; here it is the end of a line.</summary>
    string[] Stops(ParseResult parse) =>
        [.. (parse.ValueOf(_stop) ?? []).Select(s => s.Replace("\\n", "\n"))];

    List<ChatMessage> Messages(ParseResult parse, string prompt)
    {
        List<ChatMessage> messages = [];
        if (parse.GetValue(_system) is { } system)
        {
            messages.Add(new ChatMessage("system", system));
        }

        messages.Add(new ChatMessage("user", prompt));
        return messages;
    }

    /// <summary>What a model writes must not steer a terminal; a file gets it as it is.</summary>
    static void Show(Terminal to, string piece)
    {
        if (!to.OutIsTerminal || Printable.IsPlain(piece))
        {
            to.Out.Write(piece);
        }
        else
        {
            foreach (Rune rune in piece.EnumerateRunes())
            {
                string one = rune.ToString();
                to.Out.Write(one is "\n" or "\t" ? one : Printable.Escape(one));
            }
        }

        to.Out.Flush();
    }

    /// <summary>All of it but the end of its last line, which echo and editors write.</summary>
    static string ReadAll(Stream input)
    {
        using MemoryStream bytes = new();
        input.CopyTo(bytes);
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(
                bytes.GetBuffer(),
                0,
                (int)bytes.Length
            );
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
                : text.EndsWith('\n') ? text[..^1]
                : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException(
                $"Standard input at byte {e.Index}: this is not UTF-8; save the prompt as UTF-8.",
                e
            );
        }
    }

    static string Summary(WrittenText written, ModelConfig config)
    {
        string why = written.End switch
        {
            EndReason.Token => "the model ended the text",
            EndReason.Stopped => "a stop string ended the text",
            EndReason.Context =>
                $"the model's context of {config.MaxLength} tokens is full, so the text ends here",
            _ => "as many tokens as --max-tokens allows",
        };
        string speed = written.TokensPerSecond is { } rate
            ? $", then {rate:0.0} tokens a second"
            : "";
        string layers = config.HasExits
            ? $" A token passed {written.AverageLayers:0.0} of {config.Layers.Count} layers on average."
            : "";
        return $"{written.PromptTokens} tokens read, {written.Tokens} written: {why}. The first came after {written.ToFirst.TotalMilliseconds:0} ms{speed}.{layers}";
    }

    static void Write(TextWriter output, LanguageModel model, WrittenText written) =>
        JsonText.Document(
            output,
            json =>
            {
                json.WriteNumber("version", 1);
                json.WriteString("model", model.Folder);
                json.WriteString("text", written.Text);
                json.WriteString(
                    "end",
                    written.End switch
                    {
                        EndReason.Token => "model",
                        EndReason.Stopped => "stop",
                        EndReason.Context => "context",
                        _ => "length",
                    }
                );
                json.WriteNumber("prompt_tokens", written.PromptTokens);
                json.WriteNumber("tokens", written.Tokens);
                json.WriteNumber("seconds_to_first_token", written.ToFirst.TotalSeconds);
                json.OptionalNumber("tokens_per_second", written.TokensPerSecond);
                if (model.Config.HasExits)
                {
                    json.WriteString("effort", $"{model.Effort}");
                    json.WriteNumber("average_layers", written.AverageLayers);
                }
            }
        );
}
