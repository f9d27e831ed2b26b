using System.CommandLine;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data.Corpora;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>How well a language model expects a text.</summary>
sealed class PerplexityCommand : ScoringCommand
{
    // What GPT-2 reads, and what most tables of WikiText were made with.
    const int UsualWindow = 1024;

    readonly Option<int> _window = OptionValues.Number(
        "--window",
        $"Tokens that are read at once; by default {UsualWindow}, or the model's context if that is less.",
        2,
        1 << 20
    );
    readonly Option<int> _stride = OptionValues.Number(
        "--stride",
        "Tokens from the begin of a window to that of the next; by default half a window.",
        1,
        1 << 20
    );

    public PerplexityCommand()
        : base(
            "perplexity",
            "Measure how well a language model expects the tokens of a text.",
            "A text in UTF-8, which is read as it is."
        ) => AddOptions(_window, _stride, Common.Effort);

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier perplexity wiki.test.tokens --model SmolLM2-135M.gguf",
        "espalier perplexity wiki.test.tokens --model runs/E/2-E --effort confidence:0.9",
        "espalier perplexity book.txt --model my-model --window 2048 --stride 512 --format json",
    ];

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        TextCorpus corpus = TextCorpus.Read(parse.GetValue(File)!);
        using LanguageModel model = Common.Load(parse, terminal);
        int most = model.Config.MaxLength,
            window = parse.Has(_window) ? parse.GetValue(_window) : Math.Min(UsualWindow, most),
            stride = parse.Has(_stride) ? parse.GetValue(_stride) : Math.Max(1, window / 2);
        Effort effort = Common.EffortOf(parse, model.Config, terminal);
        int[] ids = model.Tokenizer.EncodeIds(corpus.Text).Ids;
        using ProgressLine progress = new(terminal);
        TextLikelihood found = UsageException.Of(() =>
            TextLikelihood.Of(
                new LanguageSession(model.Packed, model.Workers),
                model.Workers,
                ids,
                window,
                stride,
                done =>
                {
                    stop.ThrowIfCancellationRequested();
                    progress.Report("perplexity", (double)done.End / ids.Length);
                },
                effort
            )
        );
        progress.Clear();
        if (!double.IsFinite(found.MeanLogLoss))
        {
            throw new InvalidDataException(
                $"{model.Folder}: a score of the next token is not a number; the weights are damaged or too large."
            );
        }

        Write(
            parse,
            terminal,
            json => Write(json, model, effort, corpus, found, window, stride),
            to => Say(to, model, effort, corpus, found, window, stride)
        );
        return ExitCode.Ok;
    }

    static void Say(
        Terminal to,
        LanguageModel model,
        Effort effort,
        TextCorpus corpus,
        TextLikelihood found,
        int window,
        int stride
    )
    {
        to.Say(
            $"{Shown.Whole(model.Folder)} on {Shown.Whole(corpus.Path)}: {found.Windows.Count} windows of {window} tokens, {stride} apart"
        );
        if (model.Config.HasExits)
        {
            to.Say(
                $"At {effort} a token passed {found.AverageLayers:0.00} of {model.Config.Layers.Count} layers on average, and was scored as if the text were written so."
            );
        }

        to.Write([
            (
                "perplexity",
                $"{found.Perplexity:0.000} ± {found.PerplexityStandardError:0.000} a token (standard error, tokens taken as independent)"
            ),
            (
                "a word",
                $"{found.PerplexityOf(corpus.Words):0.000} of {corpus.Words:N0} words and line ends"
            ),
            (
                "bits a byte",
                $"{found.MeanLogLoss * found.Scored / Math.Log(2) / corpus.Bytes:0.0000} of {corpus.Bytes:N0} bytes"
            ),
            ("next token", $"{100 * found.Accuracy:0.00} % right of {found.Scored:N0}"),
        ]);
    }

    static void Write(
        Utf8JsonWriter json,
        LanguageModel model,
        Effort effort,
        TextCorpus corpus,
        TextLikelihood found,
        int window,
        int stride
    )
    {
        json.WriteNumber("version", 1);
        json.WriteString("model", model.Folder);
        json.WriteString("text", corpus.Path);
        json.WriteNumber("window", window);
        json.WriteNumber("stride", stride);
        json.WriteNumber("scored_tokens", found.Scored);
        json.WriteNumber("mean_log_loss", found.MeanLogLoss);
        json.WriteNumber("standard_error", found.StandardError);
        json.WriteNumber("perplexity", found.Perplexity);
        json.WriteNumber("perplexity_standard_error", found.PerplexityStandardError);
        json.WriteNumber("words", corpus.Words);
        json.WriteNumber("word_perplexity", found.PerplexityOf(corpus.Words));
        json.WriteNumber("bytes", corpus.Bytes);
        json.WriteNumber(
            "bits_per_byte",
            found.MeanLogLoss * found.Scored / Math.Log(2) / corpus.Bytes
        );
        json.WriteNumber("next_token_accuracy", found.Accuracy);
        if (model.Config.HasExits)
        {
            json.WriteString("effort", $"{effort}");
            json.WriteNumber("average_layers", found.AverageLayers);
        }

        json.WriteStartArray("windows");
        foreach (LikelihoodWindow at in found.Windows)
        {
            json.WriteStartObject();
            json.WriteNumber("begin", at.Begin);
            json.WriteNumber("end", at.End);
            json.WriteNumber("scored_tokens", at.Scored);
            json.WriteNumber("log_loss", at.LogLoss);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
