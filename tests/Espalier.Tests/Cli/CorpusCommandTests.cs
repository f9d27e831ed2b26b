using System.Text.Json;
using Espalier.Cli;
using Espalier.Measuring;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>A language model goes through run, study, evaluate, plan and report like any other.</summary>
[Trait("tier", "golden")]
public sealed class CorpusCommandTests : IDisposable
{
    readonly ToyWriter _toy = new();
    readonly TemporaryFolder _files = new();
    readonly string _test;
    readonly string[] _data;

    public CorpusCommandTests()
    {
        string train = _files.Write("train.txt", ToyCorpus.Text(60, 1)),
            validation = _files.Write("validation.txt", ToyCorpus.Text(20, 2));
        _test = _files.Write("test.txt", ToyCorpus.Text(20, 3));
        _data =
        [
            "--train",
            train,
            "--validation",
            validation,
            "--test",
            _test,
            "--max-length",
            "32",
        ];
    }

    public void Dispose()
    {
        _toy.Dispose();
        _files.Dispose();
    }

    JsonElement Run(string pipeline, string model, string output) =>
        CommandLine
            .Run([
                "run",
                pipeline,
                "--model",
                model,
                .. _data,
                "--epochs",
                "1",
                "--rate",
                "3e-3",
                "--output",
                _files[output],
                "--format",
                "json",
            ])
            .Succeeds()
            .Json;

    static double Of(JsonElement measured, string metric) =>
        measured
            .GetProperty("metrics")
            .EnumerateArray()
            .Single(m => m.GetProperty("metric").GetString() == metric)
            .GetProperty("value")
            .GetDouble();

    static JsonElement[] Curves(JsonElement run) =>
        [
            .. run.GetProperty("stages")
                .EnumerateArray()
                .Select(s => s.GetProperty("curve").EnumerateArray().Single()),
        ];

    JsonElement Perplexity(string model) =>
        CommandLine
            .Run(
                "perplexity",
                _test,
                "--model",
                model,
                "--window",
                "32",
                "--stride",
                "32",
                "--format",
                "json"
            )
            .Succeeds()
            .Json;

    [Fact]
    public void A_run_measures_a_decoder_as_perplexity_does_and_what_it_saves_answers_the_same()
    {
        JsonElement run = Run("Q(bits=8)", _toy.Folder, "run");

        JsonElement[] stages = [.. run.GetProperty("stages").EnumerateArray()],
            curves = Curves(run);
        Assert.Equal(
            ["O(downloaded)", "O(downloaded)Q"],
            stages.Select(s => s.GetProperty("pipeline").GetString())
        );
        string[] folders =
        [
            _toy.Folder,
            .. stages
                .Skip(1)
                .Select(s => Path.Combine(_files["run"], s.GetProperty("folder").GetString()!)),
        ];
        for (int i = 0; i < curves.Length; i++)
        {
            JsonElement apart = Perplexity(folders[i]);
            Assert.Equal(
                apart.GetProperty("perplexity").GetDouble(),
                Of(curves[i], "perplexity"),
                1e-4
            );
            Assert.Equal(
                apart.GetProperty("next_token_accuracy").GetDouble(),
                Of(curves[i], "next_token_accuracy"),
                1e-12
            );
        }

        Assert.NotEqual(Of(curves[0], "perplexity"), Of(curves[1], "perplexity"));
    }

    [Fact]
    public void Time_is_of_a_window_of_a_written_token_and_to_the_first_one_each_really_run()
    {
        JsonElement[] curves = Curves(Run("Q(bits=4)", _toy.Folder, "run"));

        foreach (JsonElement measured in curves)
        {
            JsonElement figures = measured.GetProperty("figures");
            foreach (
                var (name, per, origin) in ((string, string, string)[])
                    [
                        ("milliseconds_per_example", "example", "measured"),
                        ("milliseconds_per_token", "token", "measured"),
                        ("milliseconds_to_first_token", "request", "measured"),
                        ("joules_per_token", "token", ""),
                    ]
            )
            {
                JsonElement figure = figures.GetProperty(name);
                Assert.Equal(per, figure.GetProperty("per").GetString());
                Assert.True(figure.GetProperty("value").GetDouble() > 0, $"{name}: {figure}");
                Assert.True(
                    origin.Length == 0 || figure.GetProperty("origin").GetString() == origin,
                    $"{name}: {figure}"
                );
            }

            // A token is less work than a prompt of half the context, and that less than a window and its scores are.
            Assert.InRange(
                figures.GetProperty("milliseconds_per_token").GetProperty("value").GetDouble(),
                0,
                figures.GetProperty("milliseconds_to_first_token").GetProperty("value").GetDouble()
            );
        }

        Assert.False(curves[0].GetProperty("figures").TryGetProperty("speed_up", out _));
        Assert.True(curves[1].GetProperty("figures").TryGetProperty("speed_up", out _));
        string csv = File.ReadLines(Path.Combine(_files["run"], "curve.csv")).First();
        Assert.EndsWith("milliseconds_per_token,milliseconds_to_first_token,joules_per_token", csv);
    }

    [Fact]
    public void Answers_are_stored_window_by_window_and_give_the_measured_perplexity()
    {
        JsonElement[] curves = Curves(Run("Q(bits=8)", _toy.Folder, "run"));

        StoredAnswers answers = StoredAnswers.Read(
            "answers",
            File.ReadAllBytes(Path.Combine(_files["run"], "answers.json.gz"))
        );

        Assert.True(answers.OfText);
        int[] ids = _toy.Model.Tokenizer!.EncodeIds(File.ReadAllText(_test)).Ids;
        Assert.Equal((ids.Length + 30) / 32, answers.Examples);
        foreach (JsonElement measured in curves)
        {
            var windows = answers.WindowsAt(
                measured.GetProperty("pipeline").GetString()!,
                Espalier.Models.Effort.Full
            );
            Assert.Equal(
                Math.Exp(windows.Sum(w => w.LogLoss) / windows.Sum(w => w.Scored)),
                Of(measured, "perplexity"),
                1e-9
            );
        }

        double[] first = _toy.Losses(ids[..32]);
        Assert.Equal(
            first.Sum(),
            answers.WindowsAt("O(downloaded)", Espalier.Models.Effort.Full)[0].LogLoss,
            1e-3
        );
        Assert.Throws<ArgumentException>(() => answers.TrueNumbers());
    }

    [Fact]
    public void O_asks_for_training_which_makes_the_text_likelier()
    {
        JsonElement[] curves = Curves(Run("O", _toy.Folder, "run"));

        Assert.InRange(
            Of(curves.Single(), "perplexity"),
            1,
            0.8 * Perplexity(_toy.Folder).GetProperty("perplexity").GetDouble()
        );
    }

    [Fact]
    public void A_GGUF_file_is_an_original_too()
    {
        CommandLine
            .Run("export", "--model", _toy.Folder, "--type", "f32", "--output", _files["toy.gguf"])
            .Succeeds();

        JsonElement[] of = Curves(Run("O(downloaded)", _toy.Folder, "folder")),
            gguf = Curves(Run("Q(bits=8)", _files["toy.gguf"], "gguf"));

        Assert.Equal(Of(of[0], "perplexity"), Of(gguf[0], "perplexity"), 1e-9);
    }

    [Fact]
    public void Evaluate_tells_perplexity_and_next_tokens_and_keeps_a_bar()
    {
        string[] line = ["evaluate", "--model", _toy.Folder, "--test", _test, "--max-length", "32"];

        JsonElement json = CommandLine.Run([.. line, "--format", "json"]).Succeeds().Json;

        JsonElement metrics = json.GetProperty("efforts")[0].GetProperty("metrics");
        double perplexity = metrics.GetProperty("perplexity").GetProperty("value").GetDouble();
        Assert.Equal(
            Perplexity(_toy.Folder).GetProperty("perplexity").GetDouble(),
            perplexity,
            1e-4
        );
        Assert.True(metrics.GetProperty("perplexity").GetProperty("low").GetDouble() < perplexity);
        Assert.True(metrics.TryGetProperty("next_token_accuracy", out _));
        Assert.Equal(
            ExitCode.BelowBar,
            CommandLine.Run([.. line, "--min-accuracy", $"{perplexity - 1:0}"]).Code
        );
        CommandLine.Run([.. line, "--min-accuracy", $"{perplexity + 1:0}"]).Succeeds();
        CommandLine
            .Run([.. line, "--min-accuracy", "0.5"])
            .Refuses(ExitCode.Usage, "perplexity is 1 or more");
    }

    [Fact]
    public void What_does_not_go_together_is_refused_before_any_work()
    {
        CommandLine
            .Run(["run", "Q", "--model", "seedling", .. _data])
            .Refuses(ExitCode.Refused, "says no next token", "name a language model");
        CommandLine
            .Run(["run", "Q", "--model", _toy.Folder])
            .Refuses(ExitCode.Refused, "asks what a text is", "wikitext2");
        CommandLine
            .Run(["run", "EQ", "--model", _toy.Folder, .. _data])
            .Refuses(ExitCode.Refused, "leave E out");
        CommandLine
            .Run(["predict", "--model", _toy.Folder], "a text")
            .Refuses(ExitCode.Refused, "espalier generate");
        CommandLine
            .Run("run", "Q", "--model", _toy.Folder, "--task", "wikitext2")
            .Refuses(ExitCode.Usage, "give the folder of its files with --data");
    }

    [Fact]
    public void A_study_compares_decoders_and_its_page_shows_perplexity_against_the_time_of_a_token()
    {
        string recipe = _files.Write(
            "decoders.json",
            $$"""
            {
              "version": 1,
              "model": {{JsonSerializer.Serialize(_toy.Folder)}},
              "tasks": [{"name": "toy-text", "train": "train.txt", "validation": "validation.txt", "test": "test.txt"}],
              "pipelines": ["Q(bits=8)", "Q(bits=4,group=32)"],
              "seeds": [1, 2],
              "max_length": 32
            }
            """
        );
        CommandLine
            .Run(
                "study",
                recipe,
                "--store",
                _files["store"],
                "--output",
                _files["out"],
                "--threads",
                "2"
            )
            .Succeeds();

        string measurements = Path.Combine(_files["out"], "measurements.json");
        CommandLine.Run("report", measurements, "--output", _files["page.html"]).Succeeds();

        string page = File.ReadAllText(_files["page.html"]);
        Assert.Contains("ms per token", page);
        Assert.Contains("Perplexity", page);
        Assert.DoesNotContain("ms per example", page);
        Assert.DoesNotContain("ms/example", page);
        CommandLine
            .Run("plan", "--max-ms", "1e3", "--min-accuracy", "1e4", "--replay", measurements)
            .Succeeds();
    }
}
