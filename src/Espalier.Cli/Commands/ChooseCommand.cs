using System.CommandLine;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data.Corpora;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>Counts what a language model gets right: questions with choices, or the last words of passages.</summary>
sealed class ChooseCommand : EspalierCommand
{
    readonly LanguageOptions _common = new();
    readonly Argument<string> _file = new("file")
    {
        Description =
            "JSON lines of context, choices and answer; with --last-words a passage on each line.",
    };
    readonly Option<bool> _lastWords = new("--last-words")
    {
        Description = "Ask for the last word of each passage, as LAMBADA does.",
    };

    public ChooseCommand()
        : base(
            "choose",
            "Answer questions with choices by likelihood, or last words, and count the right ones."
        )
    {
        Add(_file);
        foreach (
            Option option in (Option[])
                [_common.Model, _lastWords, _common.Threads, _common.Output, _common.Format]
        )
        {
            Add(option);
        }
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier choose questions.jsonl --model SmolLM2-135M.gguf",
        "espalier choose lambada.txt --last-words --model my-model --format json",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _common.Check(parse, terminal, problems);
        if (parse.ValueOf(_file) is { } file)
        {
            problems.NeedFile("file", file);
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string file = parse.GetValue(_file)!;
        bool lastWords = parse.GetValue(_lastWords);
        IReadOnlyList<Question> questions = lastWords ? [] : ChoiceFile.Read(file);
        IReadOnlyList<(string, int)> passages = lastWords ? PassageFile.Read(file) : [];
        using LanguageModel model = _common.Load(parse, terminal);
        LanguageSession session = new(model.Packed, model.Workers);
        using ProgressLine progress = new(terminal);
        void Report(double share) => progress.Report("choose", share);
        List<(string Name, string Title, int Right)> counts = [];
        int asked;
        double? logLoss = null;
        if (lastWords)
        {
            IReadOnlyList<(bool IsRight, double LogP)> words = LastWordMeter.Run(
                session,
                model.Tokenizer,
                passages,
                Report,
                stop
            );
            asked = words.Count;
            counts.Add(("accuracy", "last words", words.Count(w => w.IsRight)));
            logLoss = -words.Average(w => w.LogP);
        }
        else
        {
            var (scored, cut) = ChoiceMeter.Run(session, model.Tokenizer, questions, Report, stop);
            asked = scored.Count;
            counts.Add(("accuracy", "by likelihood", scored.Count(q => q.IsRight)));
            counts.Add(
                (
                    "accuracy_by_tokens",
                    "by likelihood a token",
                    scored.Count(q => q.IsRightByTokens)
                )
            );
            counts.Add(
                ("accuracy_by_bytes", "by likelihood a byte", scored.Count(q => q.IsRightByBytes))
            );
            if (cut > 0)
            {
                progress.Clear();
                terminal.Tell(
                    $"{cut} choices are longer with their context than the {model.Config.MaxLength} tokens that the model reads; the beginnings of these contexts were left out."
                );
            }
        }

        progress.Clear();
        OutputPlace.Write(
            terminal,
            parse.GetValue(_common.Output),
            to =>
            {
                if (_common.IsJson(parse))
                {
                    JsonText.Document(
                        to.Out,
                        json => Write(json, model.Folder, file, asked, counts, logLoss)
                    );
                    return;
                }

                to.Say($"{Shown.Whole(model.Folder)} on {Shown.Whole(file)}: {asked} asked");
                to.Write(counts.Select(c => (c.Title, Cell(c.Right, asked))));
                to.Say("In brackets: 95 % intervals, for which questions are asked.");
            }
        );
        return ExitCode.Ok;
    }

    static string Cell(int right, int asked)
    {
        var (low, high) = Interval.Wilson(right, asked);
        return $"{100.0 * right / asked:0.0} % right [{100 * low:0.0}, {100 * high:0.0}]";
    }

    static void Write(
        Utf8JsonWriter json,
        string model,
        string file,
        int asked,
        IReadOnlyList<(string Name, string Title, int Right)> counts,
        double? logLoss
    )
    {
        json.WriteNumber("version", 1);
        json.WriteString("model", model);
        json.WriteString("file", file);
        json.WriteNumber("asked", asked);
        foreach (var (name, _, right) in counts)
        {
            var (low, high) = Interval.Wilson(right, asked);
            json.WriteStartObject(name);
            json.WriteNumber("value", (double)right / asked);
            json.WriteNumber("low", low);
            json.WriteNumber("high", high);
            json.WriteEndObject();
        }

        if (logLoss is { } loss)
        {
            json.WriteNumber("word_perplexity", Math.Exp(loss));
        }
    }
}
