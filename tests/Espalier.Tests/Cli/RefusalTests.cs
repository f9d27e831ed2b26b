using System.Buffers.Binary;
using System.Text;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>Bad input as a user meets it: one sentence, the right code, no stack trace, nothing damaged.</summary>
public sealed class RefusalTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    /// <summary>A name, what is done to the good folder, and words of the sentence.</summary>
    public static TheoryData<string, string> DamagedModels =>
        new()
        {
            { "no config", "config.json" },
            { "config is no JSON", "not valid JSON" },
            { "config asks for another width", "the sizes in" },
            { "config asks for more layers", "is missing" },
            { "config of an unknown family", "model_type" },
            { "config with heads that do not divide", "num_attention_heads" },
            { "no weights", "model.safetensors" },
            { "pickled weights only", "can run code" },
            { "weights cut in the middle", "model.safetensors" },
            { "weights cut in the header", "model.safetensors" },
            { "header longer than the file", "model.safetensors" },
            { "header of an absurd length", "model.safetensors" },
            { "weights are empty", "model.safetensors" },
            { "a tensor past the end", "model.safetensors" },
            { "a weight that is not a number", "model.safetensors" },
            { "no tokenizer", "a tokenizer is expected here" },
            { "tokenizer with ids outside the embedding", "the embedding only 131 rows" },
            { "tokenizer of an unknown kind", "tokenizer.json" },
            { "espalier.json of a newer version", "format" },
        };

    [Theory]
    [MemberData(nameof(DamagedModels))]
    public void A_damaged_model_is_refused(string damage, string expected)
    {
        string folder = Damaged(damage);
        Outcome outcome = CommandLine.Run(["predict", "--model", folder], "good");
        outcome.Refuses(ExitCode.Refused, expected, Path.GetFileName(folder));
        Assert.Single(outcome.Sentences);
        Assert.Empty(outcome.Out);
    }

    public static TheoryData<string, byte[], string> BadTexts =>
        new()
        {
            {
                "invalid UTF-8",
                [.. "good\nba"u8, 0xff, .. "d\n"u8],
                "line 2: byte 3 (0xff) is not UTF-8"
            },
            {
                "UTF-8 cut short",
                [.. "good\n"u8, 0xe2, 0x82],
                "line 2: byte 1 (0xe2) is not UTF-8"
            },
            {
                "JSON without a text",
                [.. "{\"sentence\": \"good\"}"u8],
                "line 1: the object has no field 'text'"
            },
            { "JSON text is a number", [.. "{\"text\": 3}"u8], "field 'text' holds a number" },
            {
                "JSON pair is a list",
                [.. "{\"text\": \"a\", \"text_pair\": []}"u8],
                "field 'text_pair' holds an array"
            },
            {
                "JSON breaks off",
                [.. "{\"text\": \"a\"}\n{\"text\": \"a"u8],
                "line 2: not valid JSON"
            },
            {
                "JSON becomes text",
                [.. "{\"text\": \"a\"}\n\n\"good\"\n"u8],
                "line 3: the line holds a text"
            },
            {
                "a name twice",
                [.. "{\"text\": \"a\"}\n{\"text\": \"a\", \"text\": \"b\"}"u8],
                "line 2: not valid JSON"
            },
            { "half a surrogate pair", [.. "{\"text\": \"\\ud800\"}"u8], "half a surrogate pair" },
        };

    [Theory]
    [MemberData(nameof(BadTexts), DisableDiscoveryEnumeration = true)]
    public void A_text_that_cannot_be_read_is_refused_with_its_line(
        string what,
        byte[] input,
        string expected
    )
    {
        Assert.NotEmpty(what);
        foreach (string command in (string[])["predict", "tokenize"])
        {
            Outcome outcome = CommandLine.Run([command, "--model", _toys.Bert(command)], input);
            outcome.Refuses(ExitCode.Refused, "Standard input", expected);
            Assert.Single(outcome.Sentences);
        }
    }

    [Fact]
    public void Answers_before_a_bad_line_are_kept()
    {
        Outcome outcome = CommandLine.Run(["predict", "-m", _toys.Bert()], [.. "good\n"u8, 0xff]);
        outcome.Refuses(ExitCode.Refused, "line 2");
        Assert.Single(outcome.Lines);
    }

    [Fact]
    public void A_line_longer_than_any_text_is_refused_without_reading_it_all()
    {
        using Endless endless = new();
        using StringWriter error = new();
        Terminal terminal = new(endless, TextWriter.Null, error) { Environment = _ => null };
        int code = Program.Run(
            ["tokenize", "-m", _toys.Bert()],
            terminal,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("Standard input, line 1: longer than 67,108,864 bytes", error.ToString());
    }

    public static TheoryData<string, string, string> BadData =>
        new()
        {
            { "empty.csv", "", "is empty" },
            { "header.csv", "text,label\n", "no rows of data" },
            { "unlabelled.csv", "text,label\ngood,\n", "a row without one" },
            { "minus.csv", "text,label\ngood,-1\n", "'-1'" },
            { "column.csv", "sentence,label\ngood,no\n", "'text'" },
            { "unknown.csv", "text,label\ngood,perhaps\n", "'perhaps' is none of" },
            { "broken.jsonl", "{\"text\": \"good\"\n", "broken.jsonl" },
            { "kind.xlsx", "text,label\n", "does not say what the file is" },
            { "nul.csv", "text,label\ngo\0od,no\n", "NUL" },
        };

    [Theory]
    [MemberData(nameof(BadData))]
    public void Data_that_cannot_be_measured_on_is_refused(
        string file,
        string content,
        string expected
    )
    {
        string path = _toys.Write(file, content);
        CommandLine
            .Run(
                "evaluate",
                "-m",
                _toys.Named("no", "yes", "maybe"),
                "--test",
                path,
                "--text",
                "text",
                "--label",
                "label"
            )
            .Refuses(ExitCode.Refused, expected);
    }

    [Fact]
    public void All_bad_rows_of_a_file_are_told_together()
    {
        string path = _toys.Write("rows.csv", "text,label\ngood,-1\nbad,never\nfair,\n");
        Outcome outcome = CommandLine.Run(
            "evaluate",
            "-m",
            _toys.Named("no", "yes", "maybe"),
            "--test",
            path,
            "--text",
            "text",
            "--label",
            "label"
        ); // csharpier-ignore
        outcome.Refuses(ExitCode.Refused, "rows.csv:2", "rows.csv:3", "rows.csv:4");
        Assert.Equal(3, outcome.Sentences.Length);
    }

    [Fact]
    public void An_encoder_without_a_classifier_is_refused_by_predict_and_evaluate()
    {
        string folder = _toys.Bare();
        CommandLine
            .Run(["predict", "-m", folder], "good")
            .Refuses(ExitCode.Refused, "has no classifier", "espalier run O");
        CommandLine.Run("evaluate", "-m", folder).Refuses(ExitCode.Refused, "has no classifier");
    }

    [Fact]
    public void More_tokens_than_the_model_reads_is_wrong_usage() =>
        CommandLine
            .Run(["predict", "-m", _toys.Bert(), "--max-length", "1000"], "good")
            .Refuses(ExitCode.Usage, "at most 64");

    [Fact]
    public void Fewer_tokens_than_surround_a_text_is_wrong_usage()
    {
        foreach (string command in (string[])["predict", "tokenize"])
        {
            CommandLine
                .Run([command, "-m", _toys.Bert(command), "--max-length", "1"], "good")
                .Refuses(ExitCode.Usage, "special tokens");
        }
    }

    [Fact]
    public void A_folder_is_no_input() =>
        CommandLine
            .Run("predict", Path.GetTempPath(), "-m", _toys.Bert())
            .Refuses(ExitCode.Refused, "is a folder");

    [Fact]
    public void A_missing_input_is_refused_with_all_else_that_is_missing() =>
        Assert.Equal(
            2,
            CommandLine
                .Run("predict", "/nowhere/a.txt", "-m", "/nowhere/b")
                .Refuses(ExitCode.Refused)
                .Sentences.Length
        );

    [Fact]
    public void An_output_that_cannot_be_written_is_refused_and_leaves_nothing()
    {
        string file = _toys.Write("file", "content");
        CommandLine
            .Run(["predict", "-m", _toys.Bert(), "-o", Path.Combine(file, "x")], "good")
            .Refuses(ExitCode.Refused, "cannot be written");
        CommandLine
            .Run(["predict", "-m", _toys.Bert("two"), "-o", Path.GetDirectoryName(file)!], "good")
            .Refuses(ExitCode.Refused, "is a folder");
        Assert.Equal("content", File.ReadAllText(file));
    }

    [Fact]
    public void A_read_only_place_is_refused()
    {
        // Root may write anywhere but into the kernel's own folders.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's.");
        CommandLine
            .Run(["predict", "-m", _toys.Bert(), "-o", "/proc/answers.txt"], "good")
            .Refuses(ExitCode.Refused, "/proc/answers.txt");
    }

    [Fact]
    public void Names_in_hostile_files_reach_the_terminal_without_their_control_characters()
    {
        string folder = _toys.Bert("hostile");
        string config = Path.Combine(folder, "config.json");
        File.WriteAllText(
            config,
            File.ReadAllText(config).Replace("\"bert\"", "\"\\u001b[2Jbert\"")
        );
        Outcome outcome = CommandLine.Run(["inspect", folder]);
        outcome.Refuses(ExitCode.Refused, "model_type");
        Assert.DoesNotContain('\e', outcome.Error);
        Assert.DoesNotContain(
            '\e',
            CommandLine.Run(["predict", "-m", "/no\e[2Jwhere"]).Refuses(ExitCode.Refused).Error
        );
    }

    string Damaged(string damage)
    {
        string folder = _toys.Bert(
                vocabulary: damage.Contains("outside the embedding") ? 140 : 131
            ),
            config = Path.Combine(folder, "config.json"),
            weights = Path.Combine(folder, "model.safetensors"),
            vocabulary = Path.Combine(folder, "vocab.txt");
        byte[] bytes = File.ReadAllBytes(weights);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        switch (damage)
        {
            case "no config":
                File.Delete(config);
                break;
            case "config is no JSON":
                File.WriteAllText(config, "{\"model_type\": ");
                break;
            case "config asks for another width":
                Replace(config, "\"intermediate_size\": 104", "\"intermediate_size\": 105");
                break;
            case "config asks for more layers":
                Replace(config, "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4");
                break;
            case "config of an unknown family":
                Replace(config, "\"model_type\": \"bert\"", "\"model_type\": \"mamba\"");
                break;
            case "config with heads that do not divide":
                Replace(config, "\"num_attention_heads\": 4", "\"num_attention_heads\": 5");
                break;
            case "no weights":
                File.Delete(weights);
                break;
            case "pickled weights only":
                File.Move(weights, Path.Combine(folder, "pytorch_model.bin"));
                break;
            case "weights cut in the middle":
                File.WriteAllBytes(weights, bytes[..(bytes.Length / 2)]);
                break;
            case "weights cut in the header":
                File.WriteAllBytes(weights, bytes[..(header / 2)]);
                break;
            case "header longer than the file":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)bytes.Length + 1);
                File.WriteAllBytes(weights, bytes);
                break;
            case "header of an absurd length":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, ulong.MaxValue);
                File.WriteAllBytes(weights, bytes);
                break;
            case "weights are empty":
                File.WriteAllBytes(weights, []);
                break;
            case "a tensor past the end":
                string text = Encoding.UTF8.GetString(bytes, 8, header);
                int at = text.LastIndexOf("\"data_offsets\":[", StringComparison.Ordinal) + 16;
                bytes[8 + at] = (byte)'9';
                File.WriteAllBytes(weights, bytes);
                break;
            case "a weight that is not a number":
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8 + header), float.NaN);
                File.WriteAllBytes(weights, bytes);
                break;
            case "no tokenizer":
                File.Delete(vocabulary);
                break;
            case "tokenizer with ids outside the embedding":
                break;
            case "tokenizer of an unknown kind":
                File.WriteAllText(
                    Path.Combine(folder, "tokenizer.json"),
                    "{\"version\": \"1.0\", \"model\": {\"type\": \"Unigram\", \"vocab\": []}}"
                );
                break;
            case "espalier.json of a newer version":
                File.WriteAllText(Path.Combine(folder, "espalier.json"), "{\"format\": 99}");
                break;
            default:
                throw new ArgumentException($"'{damage}' is not known here.");
        }

        return folder;
    }

    static void Replace(string path, string old, string now)
    {
        string text = File.ReadAllText(path);
        Assert.Contains(old, text);
        File.WriteAllText(path, text.Replace(old, now));
    }

    /// <summary>One line that never ends.</summary>
    sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'a');
            return count;
        }
    }
}
