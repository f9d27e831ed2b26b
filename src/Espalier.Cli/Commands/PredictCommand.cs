using System.CommandLine;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Cli.Input;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>Answers texts as they come in.</summary>
sealed class PredictCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly InputPlace _input = new();
    readonly Option<string> _effort = new("--effort")
    {
        Description =
            "How sure an early exit must be: full, confidence:0.9, entropy:0.3, normalized:0.5 or patience:2.",
        HelpName = "rule",
        DefaultValueFactory = _ => "full",
    };
    readonly Option<int> _batch = OptionValues.Number(
        "--batch",
        "Texts answered at once where that many are waiting.",
        1,
        4096
    );

    public PredictCommand()
        : base("predict", "Label the texts of a file or of standard input.")
    {
        _batch.DefaultValueFactory = _ => 1;
        Add(_input.File);
        AddAll([
            _common.Model,
            .. _input.Options,
            _effort,
            _batch,
            _common.MaxLength,
            _common.AnswerPrecision(),
            _common.Threads,
            _common.Output,
            _common.Format,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier predict reviews.txt --model runs/DEPLQ/6-DEPLQ",
        "espalier predict reviews.csv --text review --model runs/DEPLQ/6-DEPLQ",
        "echo 'What a lovely day' | espalier predict --model runs/E/2-E --effort confidence:0.9 --format json",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        _input.Check(parse, problems);
        _common.CheckModel(parse, terminal, problems);
        _common.CheckFormat(parse, problems);
        _common.CheckPrecision(parse, terminal, problems);
        problems.Try(() => Effort.Parse(parse.ValueOf(_effort) ?? "full"));
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        Effort effort = Effort.Parse(parse.GetValue(_effort)!);
        int batch = parse.GetValue(_batch);
        using Classifier model = _common.Classifier(parse, terminal);
        if (effort.Rule != ExitRule.Never && !model.Config.HasExits)
        {
            terminal.Tell($"The model has no early exits, so --effort {effort} changes nothing.");
        }

        Action<TextWriter, InputText, Prediction> write = _common.IsJson(parse)
            ? (to, _, answer) => JsonText.Line(to, json => PredictionJson.Write(json, answer))
            : (to, text, answer) => to.WriteLine(Row(text, answer, model.Config));
        OutputPlace.Write(
            terminal,
            parse.GetValue(_common.Output),
            to =>
                _input.Read(
                    parse,
                    terminal,
                    input => Answer(model, effort, batch, input, to.Out, write, stop),
                    stop
                )
        );
        return ExitCode.Ok;
    }

    static void Answer(
        Classifier model,
        Effort effort,
        int most,
        TextSource input,
        TextWriter output,
        Action<TextWriter, InputText, Prediction> write,
        CancellationToken stop
    )
    {
        List<InputText> texts = [];
        while (input.TryNext(out InputText first))
        {
            stop.ThrowIfCancellationRequested();
            texts.Clear();
            texts.Add(first);
            while (texts.Count < most && input.IsWaiting && input.TryNext(out InputText next))
            {
                texts.Add(next);
            }

            IReadOnlyList<Prediction> answers = model.PredictMany(
                texts.Select(t => (t.Text, t.Pair)),
                effort
            );
            for (int i = 0; i < texts.Count; i++)
            {
                write(output, texts[i], answers[i]);
            }

            if (!input.IsWaiting)
            {
                output.Flush();
            }
        }
    }

    static string Row(InputText text, Prediction answer, ModelConfig config)
    {
        string words = Printable.Escape(
            text.Pair is null ? text.Text : $"{text.Text} | {text.Pair}"
        );
        string exit = config.HasExits ? $"{answer.Exit + 1}/{config.Layers.Count}  " : "";
        if (answer.Label is null)
        {
            return $"{answer.Logits[0], 9:0.0000}  {exit}{words}";
        }

        int width = config.Labels.Max(l => Printable.Escape(l).Length);
        return $"{Printable.Escape(answer.Label).PadRight(width)}  {answer.Probability:0.000}  {exit}{words}";
    }
}
