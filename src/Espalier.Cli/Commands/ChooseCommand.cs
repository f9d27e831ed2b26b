using System.CommandLine;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Cli.Reports;
using Espalier.Data.Corpora;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>Counts what a language model gets right: questions with choices, or the last words of passages.</summary>
sealed class ChooseCommand : ScoringCommand
{
    readonly Option<bool> _lastWords = new("--last-words")
    {
        Description = "Ask for the last word of each passage, as LAMBADA does.",
    };

    public ChooseCommand()
        : base(
            "choose",
            "Answer questions with choices by likelihood, or last words, and count the right ones.",
            "JSON lines of context, choices and answer; with --last-words a passage on each line."
        ) => AddOptions(_lastWords);

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier choose questions.jsonl --model SmolLM2-135M.gguf",
        "espalier choose lambada.txt --last-words --model my-model --format json",
    ];

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string file = parse.GetValue(File)!;
        bool lastWords = parse.GetValue(_lastWords);
        IReadOnlyList<Question> questions = lastWords ? [] : ChoiceFile.Read(file);
        IReadOnlyList<(string, int)> passages = lastWords ? PassageFile.Read(file) : [];
        using LanguageModel model = Common.Load(parse, terminal);
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
                file,
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
        Write(
            parse,
            terminal,
            json => Write(json, model.Folder, file, asked, counts, logLoss),
            to =>
            {
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
