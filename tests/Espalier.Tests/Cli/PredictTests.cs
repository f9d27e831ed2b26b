using Espalier.Cli;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;
using Encoding = System.Text.Encoding;

namespace Espalier.Tests.Cli;

public sealed class PredictTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public void Json_has_what_the_session_computes_and_probabilities_that_sum_to_one()
    {
        string folder = _toys.Bert();
        string[] texts = ["the good man", "bad .", "a b c d e f g h i"];
        Outcome outcome = CommandLine.Run(
            ["predict", "--model", folder, "--format", "json"],
            string.Join('\n', texts)
        );
        foreach (var (json, text) in outcome.Succeeds().JsonLines.Zip(texts))
        {
            float[] expected = Logits(folder, text);
            Assert.Equal(
                ["label", "probabilities", "logits", "exit"],
                json.EnumerateObject().Select(p => p.Name)
            );
            float[] logits =
            [
                .. json.GetProperty("logits").EnumerateArray().Select(l => l.GetSingle()),
            ];
            Assert.Equal(expected, logits);
            double[] p =
            [
                .. json.GetProperty("probabilities").EnumerateArray().Select(v => v.GetDouble()),
            ];
            Assert.Equal(1, p.Sum(), 1e-6);
            Assert.Equal(
                $"LABEL_{Effort.Largest(expected)}",
                json.GetProperty("label").GetString()
            );
            Assert.Equal(2, json.GetProperty("exit").GetInt32());
        }

        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void A_pair_in_a_json_line_is_read_as_a_pair()
    {
        string folder = _toys.Bert();
        var json = CommandLine
            .Run(
                ["predict", "--model", folder, "--json"],
                "{\"text\": \"the man\", \"text_pair\": \"a b\", \"label\": 3}\n"
            )
            .Succeeds()
            .Json;
        Assert.Equal(
            Logits(folder, "the man", "a b"),
            json.GetProperty("logits").EnumerateArray().Select(l => l.GetSingle())
        );
    }

    [Fact]
    public void A_regression_has_a_score_and_no_label()
    {
        var json = CommandLine
            .Run(["predict", "-m", _toys.Regression(), "--json"], "good")
            .Succeeds()
            .Json;
        Assert.Equal(["score", "logits", "exit"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            json.GetProperty("logits")[0].GetSingle(),
            json.GetProperty("score").GetSingle()
        );
    }

    [Fact]
    public void Answers_are_the_same_bytes_for_every_batch_and_thread_count()
    {
        string folder = _toys.Bert();
        string input = string.Join(
            '\n',
            Enumerable.Range(0, 40).Select(i => new string('a', i % 7 + 1) + $" {i} good")
        );
        string[] args = ["predict", "--model", folder, "--json"];
        string expected = CommandLine.Run(args, input).Succeeds().Out;
        Assert.Equal(
            expected,
            CommandLine.Run([.. args, "--batch", "16", "--threads", "1"], input).Out
        );
        Assert.Equal(
            expected,
            CommandLine.Run([.. args, "--batch", "7", "--threads", "3"], input).Out
        );
    }

    [Fact]
    public void Every_line_is_answered_the_empty_ones_and_the_last_without_a_break_too()
    {
        Outcome outcome = CommandLine.Run(["predict", "-m", _toys.Bert()], "\n\r\ngood\r\n\nbad");
        string[] lines = outcome.Succeeds().Lines;
        Assert.Equal(5, lines.Length);
        Assert.EndsWith("good", lines[2]);
        Assert.EndsWith("bad", lines[4]);
    }

    [Fact]
    public void No_input_gives_no_answer() =>
        Assert.Empty(CommandLine.Run(["predict", "-m", _toys.Bert()], "").Succeeds().Out);

    [Fact]
    public void A_text_that_only_looks_like_json_is_a_text() =>
        Assert.Single(CommandLine.Run(["predict", "-m", _toys.Bert()], "{good").Succeeds().Lines);

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_text()
    {
        string folder = _toys.Bert();
        string[] args = ["predict", "-m", folder, "--json"];
        byte[] marked = [.. Encoding.UTF8.Preamble, .. "good"u8];
        Assert.Equal(
            CommandLine.Run(args, "good").Out,
            CommandLine.Run(args, marked).Succeeds().Out
        );
    }

    [Fact]
    public void A_text_of_a_megabyte_is_cut_and_answered()
    {
        string text = string.Concat(Enumerable.Repeat("good ", 200_000));
        string folder = _toys.Bert();
        string[] args = ["predict", "-m", folder, "--json"];
        Outcome outcome = CommandLine.Run(args, text + "\n" + new string('x', 1_000_000));
        Assert.Equal(2, outcome.Succeeds().Lines.Length);
        Assert.Equal(CommandLine.Run(args, text[..1000]).Lines[0], outcome.Lines[0]);
    }

    [Fact]
    public void Control_characters_of_a_text_are_made_visible()
    {
        string line = CommandLine.Run(["predict", "-m", _toys.Bert()], "good\e[2J").Succeeds().Out;
        Assert.DoesNotContain('\e', line);
        Assert.Contains("\\u001B", line);
    }

    [Fact]
    public void Early_exits_answer_at_their_layer_and_full_effort_at_the_last()
    {
        string folder = _toys.WithExits();
        string input = string.Join(
            '\n',
            Enumerable.Range(0, 30).Select(i => $"{(char)('a' + i % 26)} {i} good bad")
        );
        int[] ExitsOf(string effort) =>
            [
                .. CommandLine
                    .Run(["predict", "-m", folder, "--json", "--effort", effort], input)
                    .Succeeds()
                    .JsonLines.Select(j => j.GetProperty("exit").GetInt32()),
            ];
        Assert.All(ExitsOf("full"), e => Assert.Equal(2, e));
        Assert.All(ExitsOf("confidence:0"), e => Assert.Equal(0, e));
        Assert.True(ExitsOf("confidence:0.5").Sum() <= ExitsOf("confidence:0.9").Sum());
    }

    [Fact]
    public void An_effort_for_a_model_without_exits_is_told_to_change_nothing()
    {
        Outcome outcome = CommandLine.Run(
            ["predict", "-m", _toys.Bert(), "--effort", "patience:2"],
            "good"
        );
        Assert.Contains("no early exits", outcome.Succeeds().Error);
    }

    [Fact]
    public void Answers_appear_while_the_sender_is_still_at_it()
    {
        using StringWriter output = new();
        using Dialogue dialogue = new(["good\n", "bad\n", "a\n"], output);
        Terminal terminal = new(dialogue, output, TextWriter.Null) { Environment = _ => null };
        int code = Program.Run(
            ["predict", "-m", _toys.Bert()],
            terminal,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal([0, 1, 2, 3], dialogue.AnswersBeforeRead);
    }

    [Fact]
    public void Waiting_for_input_ends_when_interrupted()
    {
        using CancellationTokenSource stop = new();
        using Silence silence = new(stop);
        using StringWriter error = new();
        Terminal terminal = new(silence, TextWriter.Null, error) { Environment = _ => null };
        int code = Program.Run(["predict", "-m", _toys.Bert()], terminal, stop.Token);
        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Equal(
            "espalier: Interrupted; outputs that were not finished were left out.\n",
            error.ToString()
        );
    }

    [Fact]
    public void The_output_file_appears_whole_and_not_at_all_after_a_refusal()
    {
        string folder = _toys.Bert(),
            file = _toys["answers.txt"];
        string[] args = ["predict", "-m", folder, "-o", file];
        Assert.Empty(CommandLine.Run(args, "good\nbad").Succeeds().Out);
        string before = File.ReadAllText(file);
        Assert.Equal(2, before.TrimEnd().Split('\n').Length);
        CommandLine.Run(args, [.. "good\n"u8, 0xff, (byte)'\n']).Refuses(ExitCode.Refused);
        Assert.Equal(before, File.ReadAllText(file));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!));
    }

    static float[] Logits(string folder, string text, string? pair = null)
    {
        Model model = ModelFolder.Load(folder).Model;
        using Workers workers = new(1);
        Session session = new(model, workers, KernelFamily.Choose(null), null);
        TokenIds encoded = Tokenizer.Load(folder).EncodeIds(text, pair, model.Config.MaxLength);
        Tensor logits = new(1, model.Config.Outputs);
        session.Run(
            new Batch
            {
                Ids = encoded.Ids,
                TypeIds = encoded.TypeIds,
                Starts = [0, encoded.Ids.Length],
            },
            Effort.Full,
            logits,
            new int[1]
        );
        return logits.Span.ToArray();
    }

    /// <summary>Sends a line at a time and writes down how many answers there were when the next was asked for.</summary>
    sealed class Dialogue(string[] lines, StringWriter output) : MemoryStream
    {
        int _sent;

        public List<int> AnswersBeforeRead { get; } = [];

        public override int Read(byte[] buffer, int offset, int count)
        {
            AnswersBeforeRead.Add(output.ToString().Count(c => c == '\n'));
            return _sent < lines.Length
                ? Encoding.UTF8.GetBytes(lines[_sent++], buffer.AsSpan(offset, count))
                : 0;
        }
    }

    /// <summary>A sender that says nothing; asking it makes the user lose patience.</summary>
    sealed class Silence(CancellationTokenSource stop) : MemoryStream
    {
        readonly ManualResetEventSlim _never = new();

        public override int Read(byte[] buffer, int offset, int count)
        {
            stop.Cancel();
            _never.Wait(TimeSpan.FromMinutes(1));
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _never.Set();
            base.Dispose(disposing);
        }
    }
}
