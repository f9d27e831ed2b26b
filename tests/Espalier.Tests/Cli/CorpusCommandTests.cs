using System.Text.Json;
using Espalier.Cli;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
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
    public void A_decoder_with_exits_has_a_curve_and_is_scored_at_each_effort_as_it_writes()
    {
        string folder = Deep();
        JsonElement run = Run("DEPLQ", folder, "run");

        JsonElement[] stages = [.. run.GetProperty("stages").EnumerateArray()];
        Assert.Equal(
            [
                "O(downloaded)",
                "O(downloaded)D",
                "O(downloaded)DE",
                "O(downloaded)DEP",
                "O(downloaded)DEPL",
                "O(downloaded)DEPLQ",
            ],
            stages.Select(s => s.GetProperty("pipeline").GetString())
        );
        string last = Path.Combine(_files["run"], stages[^1].GetProperty("folder").GetString()!);
        JsonElement[] curve = [.. stages[^1].GetProperty("curve").EnumerateArray()];
        Assert.True(curve.Length > 2, $"{curve.Length} efforts");
        foreach (JsonElement point in curve)
        {
            string effort = point.GetProperty("effort").GetString()!;
            JsonElement apart = CommandLine
                .Run(
                    "perplexity",
                    _test,
                    "--model",
                    last,
                    "--window",
                    "32",
                    "--stride",
                    "32",
                    "--effort",
                    effort,
                    "--format",
                    "json"
                )
                .Succeeds()
                .Json;
            Assert.Equal(
                apart.GetProperty("perplexity").GetDouble(),
                Of(point, "perplexity"),
                1e-3
            );
            Assert.Equal(apart.GetProperty("average_layers").GetDouble(), LayersOf(point), 0.1);
            Assert.True(
                point
                    .GetProperty("figures")
                    .GetProperty("milliseconds_per_token")
                    .GetProperty("value")
                    .GetDouble() > 0
            );
        }

        Assert.Equal(curve.Select(LayersOf).Order(), curve.Select(LayersOf));
        JsonElement written = CommandLine
            .Run(
                "generate",
                "the bird",
                "--model",
                last,
                "--effort",
                "exit:1",
                "--max-tokens",
                "4",
                "--format",
                "json"
            )
            .Succeeds()
            .Json;
        Assert.Equal(1, written.GetProperty("average_layers").GetDouble());
        Assert.Contains("exits", CommandLine.Run("inspect", last).Succeeds().Out);
        CommandLine
            .Run("export", "--model", last, "--to", "onnx", "--output", _files["onnx"])
            .Succeeds();
    }

    static double LayersOf(JsonElement measured) =>
        measured
            .GetProperty("figures")
            .GetProperty("average_layers")
            .GetProperty("value")
            .GetDouble();

    /// <summary>The writer with six layers.</summary>
    string Deep()
    {
        ModelConfig config = _toy.Model.Config with
        {
            Layers = [.. Enumerable.Repeat(_toy.Model.Config.Layers[0], 6)],
        };
        Parameters parameters = new();
        Drawing.Missing(parameters, config, new Rng(2));
        ModelFolder.Save(
            _toy.Model with
            {
                Config = config,
                Parameters = parameters,
            },
            _files["deep"],
            _toy.Model.Tokenizer!.Files()
        );
        return _files["deep"];
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
            .Run(["run", "L(power)", "--model", _toy.Folder, .. _data])
            .Refuses(ExitCode.Refused, "leave it out");
        CommandLine
            .Run(["predict", "--model", _toy.Folder], "a text")
            .Refuses(ExitCode.Refused, "espalier generate");
        CommandLine
            .Run("run", "Q", "--model", _toy.Folder, "--task", "wikitext2")
            .Refuses(ExitCode.Usage, "a data set of the hub, with --data");
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
              "pipelines": ["Q(bits=8)", "Q(bits=4,group=32)", "PQ(bits=8)", "Q(bits=8)P"],
              "force": true,
              "training": { "epochs": 1, "rate": 3e-3 },
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
        Assert.Contains("Perplexity against energy", page);
        Assert.Contains("mJ/token", page);
        Assert.Contains(" test windows.", page);
        Assert.DoesNotContain(" test examples", page);
        Assert.DoesNotContain("of the examples", page);
        Assert.Contains("P+Q on toy-text, 2 originals: at full effort", page);
        Assert.Contains("as there are no exits", page);
        CommandLine
            .Run("plan", "--max-ms", "1e3", "--min-accuracy", "1e4", "--replay", measurements)
            .Succeeds();
    }

    [Fact]
    public void A_plan_for_a_decoder_tells_its_cost_trains_what_may_win_and_leaves_a_model_that_writes()
    {
        Outcome plan = CommandLine
            .Run([
                "plan",
                "--max-perplexity",
                "1e4",
                "--max-ms",
                "1e3",
                "--max-joules",
                "1e3",
                "--model",
                _toy.Folder,
                .. _data,
                "--epochs",
                "1",
                "--rate",
                "3e-3",
                "--seeds",
                "1,2",
                "--fixed-options",
                "--threads",
                "2",
                "--output",
                _files["plan"],
            ])
            .Succeeds();

        string[] told = plan.Error.Split('\n');
        int cost = Array.FindIndex(told, l => l.Contains("pipelines are searched")),
            trying = Array.FindIndex(told, l => l.Contains("Trying O(downloaded), "));
        Assert.True(cost >= 0 && cost < trying, plan.Error);
        Assert.Contains("to be trained: about", told[cost]);
        Assert.Contains("Q(gptq)", told[trying]);
        Assert.DoesNotContain("failed", plan.Error);
        Assert.Contains("perplexity at most 10000", plan.Out);
        Assert.Contains("at most 1000 ms per token", plan.Out);
        Assert.Contains("windows of the validation split, time of a written token", plan.Out);
        Assert.Contains("On the test split, which nothing was chosen by: perplexity", plan.Out);
        Assert.Contains("espalier generate --model", plan.Out);

        CommandLine
            .Run(
                "generate",
                "the bird",
                "--model",
                Path.Combine(_files["plan"], "model"),
                "--max-tokens",
                "3"
            )
            .Succeeds();
        CommandLine
            .Run([
                "plan",
                "--max-perplexity",
                "1.5",
                "--replay",
                Path.Combine(_files["plan"], "measurements.json"),
            ])
            .Refuses(ExitCode.OverBudget);
    }
}
