using System.Text.Json;
using Espalier.Cli;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

[Trait("tier", "golden")]
public sealed class LanguageCommandTests : IDisposable
{
    const string Template =
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<me>{% endif %}";

    readonly ToyWriter _toy = new(Template);
    readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _toy.Dispose();
        _files.Dispose();
    }

    Outcome Generate(params string[] args) =>
        CommandLine.Run(["generate", "--model", _toy.Folder, .. args]);

    static JsonElement Json(Outcome outcome) => outcome.Succeeds().Json;

    static string Text(Outcome outcome) => Json(outcome).GetProperty("text").GetString()!;

    [Fact]
    public void The_same_seed_gives_the_same_text_whatever_the_threads_and_another_seed_another()
    {
        string[] drawn = ["A tale", "--temperature", "1.5", "--format", "json"];

        string first = Text(Generate([.. drawn, "--seed", "3", "--threads", "1"]));

        Assert.Equal(first, Text(Generate([.. drawn, "--seed", "3", "--threads", "2"])));
        Assert.NotEqual(first, Text(Generate([.. drawn, "--seed", "4"])));
    }

    [Fact]
    public void The_text_that_streams_is_the_text_of_the_json_and_how_it_ended_is_told()
    {
        string[] line = ["A tale", "--max-tokens", "12"];

        Outcome shown = Generate(line).Succeeds();

        Assert.Equal(Text(Generate([.. line, "--format", "json"])) + "\n", shown.Out);
        Assert.Contains("6 tokens read, 12 written: as many tokens as --max-tokens", shown.Error);
    }

    [Fact]
    public void A_full_context_is_told_and_nothing_is_shifted_out_of_it()
    {
        JsonElement json = Json(
            Generate("A tale", "--max-tokens", "1000", "--stop", "\u0001", "--format", "json")
        );

        Assert.Equal("context", json.GetProperty("end").GetString());
        // The last token that is written is read by nobody.
        Assert.Equal(ToyWriter.Context + 1 - 6, json.GetProperty("tokens").GetInt32());
        Assert.Contains("context of 64 tokens is full", Generate("A tale").Error);
    }

    [Fact]
    public void A_text_ends_in_front_of_a_stop_string()
    {
        string whole = Text(Generate("A tale", "--format", "json"));
        string stop = whole.Substring(5, 2);

        JsonElement json = Json(Generate("A tale", "--stop", stop, "--format", "json"));

        Assert.Equal("stop", json.GetProperty("end").GetString());
        Assert.Equal(
            whole[..whole.IndexOf(stop, StringComparison.Ordinal)],
            json.GetProperty("text").GetString()
        );
    }

    [Fact]
    public void A_message_is_put_into_the_template_and_a_model_without_one_says_so()
    {
        Assert.Equal(
            Text(Generate("<system>Be brief.<user>Hi<me>", "--format", "json")),
            Text(Generate("Hi", "--chat", "--system", "Be brief.", "--format", "json"))
        );

        using ToyWriter plain = new();
        CommandLine
            .Run("generate", "Hi", "--chat", "--model", plain.Folder)
            .Refuses(ExitCode.Refused, "has no chat template", "leave --chat out");
    }

    [Fact]
    public void A_prompt_comes_from_standard_input_and_may_be_refused()
    {
        string[] line = ["generate", "--model", _toy.Folder, "--format", "json"];

        Assert.Equal(
            Text(Generate("A tale", "--format", "json")),
            Text(CommandLine.Run(line, "A tale\n"))
        );
        CommandLine.Run(line, "").Refuses(ExitCode.Refused, "no tokens");
        CommandLine
            .Run(line, new string('x', 65))
            .Refuses(ExitCode.Refused, "65 tokens long", "holds 64", "shorten it");
    }

    [Fact]
    public void What_cannot_be_is_refused_before_any_work()
    {
        CommandLine.Run("generate", "x").Refuses(ExitCode.Usage, "--model is missing");
        CommandLine
            .Run("generate", "x", "--model", "seedling")
            .Refuses(ExitCode.Refused, "says no next token");
        Generate("x", "--system", "y").Refuses(ExitCode.Usage, "--chat");
        Generate("x", "--top-p", "0").Refuses(ExitCode.Usage, "Top-p", "above 0");
        Generate("x", "--stop", "").Refuses(ExitCode.Usage, "--stop is empty");
        Generate("x", "--temperature", "-1").Refuses(ExitCode.Usage, "--temperature");
    }

    [Fact]
    public void Perplexity_is_that_of_the_windows_and_each_token_is_scored_once()
    {
        string text = "The bird ate\nthe worm that fed on the leaf of a tree.\n";
        string file = _files.Write("text.txt", text);
        int[] ids = _toy.Model.Tokenizer!.EncodeIds(text).Ids;

        JsonElement json = Json(
            CommandLine.Run(
                "perplexity",
                file,
                "--model",
                _toy.Folder,
                "--window",
                "32",
                "--stride",
                "10",
                "--format",
                "json"
            )
        );

        // By hand: the first window gives all of its tokens but the first, the others their last ten.
        double sum = _toy.Losses(ids[..32]).Sum();
        int scored = 31;
        for (int begin = 10, known = 32; known < ids.Length; begin += 10)
        {
            int end = Math.Min(begin + 32, ids.Length);
            sum += _toy.Losses(ids[begin..end]).TakeLast(end - known).Sum();
            scored += end - known;
            known = end;
        }

        Assert.Equal(ids.Length - 1, scored);
        Assert.Equal(scored, json.GetProperty("scored_tokens").GetInt32());
        Assert.Equal(Math.Exp(sum / scored), json.GetProperty("perplexity").GetDouble(), 1e-3);
        Assert.Equal(13 + 2, json.GetProperty("words").GetInt64());
        Assert.Equal(
            Math.Exp(sum / 15),
            json.GetProperty("word_perplexity").GetDouble(),
            1e-3 * Math.Exp(sum / 15)
        );
        Assert.Equal(
            scored,
            json.GetProperty("windows")
                .EnumerateArray()
                .Sum(w => w.GetProperty("scored_tokens").GetInt32())
        );
    }

    [Fact]
    public void A_text_that_has_no_perplexity_is_refused()
    {
        string[] line = ["--model", _toy.Folder];
        CommandLine
            .Run(["perplexity", _files.Write("one.txt", "x"), .. line])
            .Refuses(ExitCode.Refused, "1 tokens", "two at least");
        CommandLine
            .Run(["perplexity", _files.Write("none.txt", ""), .. line])
            .Refuses(ExitCode.Refused, "is empty");
        CommandLine
            .Run(["perplexity", _files.Write("bad.txt", [65, 0xff, 66]), .. line])
            .Refuses(ExitCode.Refused, "not UTF-8");
        CommandLine
            .Run(["perplexity", _files["missing"], .. line])
            .Refuses(ExitCode.Refused, "no such file");
        CommandLine
            .Run(["perplexity", _files["one.txt"], "--window", "65", .. line])
            .Refuses(ExitCode.Usage, "65", "the model's context");
    }

    [Fact]
    public void Choices_are_answered_by_the_likelihood_that_the_model_gives_them()
    {
        string[] contexts = ["The cat ", "A dog", "It rains and"];
        string[] choices = ["sat", "ran off", " is wet", "!"];
        string file = _files.Write(
            "questions.jsonl",
            string.Join(
                '\n',
                contexts.Select(
                    (c, i) =>
                        JsonSerializer.Serialize(
                            new
                            {
                                context = c,
                                choices,
                                answer = i,
                            }
                        )
                )
            )
        );

        JsonElement json = Json(
            CommandLine.Run("choose", file, "--model", _toy.Folder, "--format", "json")
        );

        int right = 0,
            rightByBytes = 0;
        for (int q = 0; q < contexts.Length; q++)
        {
            // A token is a byte here; the white space behind "cat" is the choice's.
            double[] losses =
            [
                .. choices.Select(c =>
                    _toy.Losses(_toy.Model.Tokenizer!.EncodeIds(contexts[q] + c).Ids)
                        .Skip(contexts[q].TrimEnd().Length - 1)
                        .Sum()
                ),
            ];
            right += Array.IndexOf(losses, losses.Min()) == q ? 1 : 0;
            double[] byBytes = [.. losses.Select((l, c) => l / choices[c].Length)];
            rightByBytes += Array.IndexOf(byBytes, byBytes.Min()) == q ? 1 : 0;
        }

        Assert.Equal(3, json.GetProperty("asked").GetInt32());
        Assert.Equal(
            right / 3.0,
            json.GetProperty("accuracy").GetProperty("value").GetDouble(),
            1e-9
        );
        Assert.Equal(
            rightByBytes / 3.0,
            json.GetProperty("accuracy_by_bytes").GetProperty("value").GetDouble(),
            1e-9
        );
    }

    [Fact]
    public void A_last_word_is_right_when_the_model_would_write_it()
    {
        string word = Text(
            Generate("A tale is ", "--max-tokens", "1", "--format", "json", "--stop", "\u0001")
        );
        string other = word == "q" ? "k" : "q";
        string file = _files.Write(
            "passages.jsonl",
            $$"""
            {"text": "A tale is {{other}}"}
            {"text": "A tale is {{other}}{{other}}"}
            """
        );

        JsonElement json = Json(
            CommandLine.Run(
                "choose",
                file,
                "--last-words",
                "--model",
                _toy.Folder,
                "--format",
                "json"
            )
        );

        Assert.Equal(2, json.GetProperty("asked").GetInt32());
        Assert.Equal(0, json.GetProperty("accuracy").GetProperty("value").GetDouble());
        int[] ids = _toy.Model.Tokenizer!.EncodeIds($"A tale is {other}").Ids;
        int[] twice = _toy.Model.Tokenizer!.EncodeIds($"A tale is {other}{other}").Ids;
        double loss =
            (_toy.Losses(ids).TakeLast(2).Sum() + _toy.Losses(twice).TakeLast(3).Sum()) / 2;
        Assert.Equal(
            Math.Exp(loss),
            json.GetProperty("word_perplexity").GetDouble(),
            1e-3 * Math.Exp(loss)
        );
        CommandLine
            .Run(
                "choose",
                _files.Write("single.txt", "two words\nword\n"),
                "--last-words",
                "--model",
                _toy.Folder
            )
            .Refuses(ExitCode.Refused, ":2 has fewer than two words");
    }

    [Fact]
    public void Bench_times_a_prompt_and_a_text_beside_what_the_machine_can_do()
    {
        JsonElement json = Json(CommandLine.Run("bench", "--model", _toy.Folder, "--json"));

        foreach (
            string figure in (string[])
                [
                    "prefill_tokens_per_second",
                    "decode_tokens_per_second",
                    "decode_share_of_reading",
                    "reading_gigabytes_per_second",
                ]
        )
        {
            Assert.True(json.GetProperty(figure).GetProperty("value").GetDouble() > 0, figure);
        }

        CommandLine
            .Run("bench", "--model", _toy.Folder, "--shapes", "1x8")
            .Refuses(ExitCode.Usage, "--shapes is of encoders");
    }

    [Fact]
    public void Inspect_says_what_the_weights_lie_in_and_what_is_answered()
    {
        Outcome shown = CommandLine.Run("inspect", _toy.Folder).Succeeds();

        Assert.Matches("weights +[0-9.]+ kB fp32", shown.Out);
        Assert.Matches("answers +the next token", shown.Out);
        Assert.Matches("heads of [0-9]+ that share [0-9]+ of keys", shown.Out);
    }
}
