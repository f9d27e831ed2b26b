using Espalier.Checkpoints;
using Espalier.Cli;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Runs;
using Espalier.Tests.Models;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>The main command on the toy model and a data set of one's own.</summary>
public sealed class RunCommandTests : IDisposable
{
    readonly ToyStudy _toy = new();
    readonly string _folder;
    readonly string[] _common;

    public RunCommandTests()
    {
        _folder = _toy.Folder;
        _common = [.. _toy.Line(), "--max-length", "16", "--threads", "2", "--epochs", "1"];
    }

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Files_of_ones_own_go_through_a_whole_pipeline()
    {
        var (code, output, error) = Run("DEPLQ", "--output", Path.Combine(_folder, "run"));
        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("DEPLQ on custom: 48 test examples", output);
        Assert.Contains("modelled", output);
    }

    [Fact]
    public async Task Two_runs_into_one_folder_take_turns_and_both_end_well()
    {
        string folder = Path.Combine(_folder, "run");
        string word = $"Waiting: another run works in {folder}.";
        using IDisposable held = FileLock.Take(
            Path.Combine(folder, RunFolder.LockName),
            shared: false,
            null,
            TestContext.Current.CancellationToken
        );
        Listening[] errors = [new(word), new(word)];
        Task<(int Code, string Out, string Error)>[] runs =
        [
            .. errors.Select(e => Task.Run(() => Run("EQ", e, "--output", folder))),
        ];
        await Task.WhenAll(errors.Zip(runs, (e, r) => Task.WhenAny(e.Heard, r)));
        held.Dispose();
        (int Code, string Out, string Error)[] ends = await Task.WhenAll(runs);
        Assert.All(ends, e => Assert.True(e.Code == ExitCode.Ok, e.Error));
        Assert.All(ends, e => Assert.Contains(word, e.Error));
        Assert.Contains(ends, e => e.Error.Contains("E: done before, read"));
        Assert.Equal(
            [".espalier-lock", ".store"],
            Directory
                .EnumerateFileSystemEntries(folder, ".*")
                .Select(f => Path.GetFileName(f))
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_a_killed_run_left_is_gone_after_the_next()
    {
        string folder = Path.Combine(_folder, "run"),
            half = Path.Combine(folder, ".espalier-7-0.dir");
        Directory.CreateDirectory(half);
        File.WriteAllText(Path.Combine(half, "config.json"), "half");
        File.WriteAllText(Path.Combine(folder, ".espalier-7-1.tmp"), "");
        Assert.Equal(ExitCode.Ok, Run("Q", "--output", folder).Code);
        Assert.Equal(
            [".espalier-lock", ".store"],
            Directory
                .EnumerateFileSystemEntries(folder, ".*")
                .Select(f => Path.GetFileName(f))
                .Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("a name that no disk takes")]
    [InlineData("a way that is too long")]
    [InlineData("a file on the way")]
    public void A_folder_that_cannot_be_made_is_told_before_training(string what)
    {
        string folder = what switch
        {
            "a name that no disk takes" => Path.Combine(_folder, new string('n', 300)),
            "a file on the way" => Path.Combine(_folder, "train.csv", "run"),
            _ => Path.Combine([
                _folder,
                .. Enumerable.Repeat(new string('n', 200), (4060 - _folder.Length) / 201),
                new string('n', (4060 - _folder.Length) % 201 + 1),
            ]),
        };
        var (code, _, error) = Run("Q", "--output", folder);
        Assert.True(code == ExitCode.Refused, error);
        Assert.DoesNotContain("O …", error);
        Assert.Contains(folder, error);
    }

    [Fact]
    public void A_model_as_downloaded_is_the_original_and_nothing_is_trained_for_it()
    {
        string model = Path.Combine(_folder, "trained"),
            folder = Path.Combine(_folder, "run");
        ModelConfig config = Toy.Config with { Labels = ["LABEL_0", "LABEL_1"] };
        ModelFolder.Save(Toy.Make(config), model, Toy.Tokenizer.Files());
        string[] asked = ["--original", "downloaded", "--model", model, "--output", folder];
        var (code, output, error) = Run("LQ", asked);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("O(downloaded)LQ on custom", output);
        Assert.Equal(
            ["1-O-", "2-L-", "3-LQ-"],
            Directory
                .GetDirectories(folder, "?-*")
                .Select(d => Path.GetFileName(d)[..^12])
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(model, WeightFiles.SingleName)),
            File.ReadAllBytes(
                Path.Combine(Directory.GetDirectories(folder, "1-O-*")[0], WeightFiles.SingleName)
            )
        );
        (code, _, error) = Run("O(downloaded)LQ", asked);
        Assert.True(code == ExitCode.Ok && error.Contains("LQ: done before, read"), error);
    }

    [Theory]
    [InlineData("seedling", "has no trained classifier")]
    [InlineData("toy", "knows the classes bad, good")]
    public void A_model_that_was_not_trained_for_the_task_cannot_be_taken_as_downloaded(
        string model,
        string why
    )
    {
        string folder = Path.Combine(_folder, "run");
        string place = model == "toy" ? Path.Combine(_folder, model) : model;
        var (code, _, error) = Run(
            "D",
            "--original",
            "downloaded",
            "--model",
            place,
            "--output",
            folder
        );
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains(why, error.Trim().Split('\n')[^1]);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void An_order_that_makes_no_sense_is_refused_with_the_reason_and_forced_for_study()
    {
        var (code, _, error) = Run("QPD", "--output", Path.Combine(_folder, "run"));
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("D after P is pointless", error);
        Assert.Contains("--force", error);
        (code, _, error) = Run("QPD", "--force", "--output", Path.Combine(_folder, "run"));
        Assert.True(code == ExitCode.Ok, error);
    }

    [Fact]
    public void A_training_that_diverges_ends_with_its_own_code_and_writes_no_result()
    {
        string output = Path.Combine(_folder, "run");
        string huge = Path.Combine(_folder, "huge");
        Model model = Toy.Make(Toy.Config);
        model.Parameters[Part.Word.Weight].Span.Fill(3e38f);
        model.Parameters[Part.Position.Weight].Span.Fill(3e38f);
        ModelFolder.Save(model, huge, Toy.Tokenizer.Files());
        var (code, _, error) = Run("D", "--model", huge, "--output", output);
        Assert.Equal(ExitCode.Diverged, code);
        Assert.Contains("Training stopped in step", error);
        Assert.False(File.Exists(Path.Combine(output, "run.json")));
    }

    [Theory]
    [InlineData("D(student=nowhere)", ExitCode.Refused, "nowhere does not exist")]
    [InlineData("V(corpus=nowhere.txt)", ExitCode.Refused, "nowhere.txt does not exist")]
    [InlineData("DXQ", ExitCode.Usage, "'X' is no operator")]
    public void What_a_pipeline_lacks_is_told_before_anything_runs(
        string pipeline,
        int expected,
        string sentence
    )
    {
        string output = Path.Combine(_folder, "run");
        var (code, _, error) = Run(pipeline, "--output", output);
        Assert.Equal(expected, code);
        Assert.Contains(sentence, error);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void A_length_without_room_for_a_text_is_refused_before_anything_runs()
    {
        var (code, _, error) = Run("L", "--max-length", "1");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--max-length", error);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_told_before_anything_runs()
    {
        Assert.SkipUnless(
            Directory.Exists("/proc"),
            "There is no read-only folder that every user has."
        );
        var (code, _, error) = Run("L", "--output", "/proc/espalier-run");
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("--output /proc/espalier-run: nothing can be written there", error);
    }

    [Fact]
    public void A_folder_that_holds_something_else_stays_as_it_is()
    {
        string output = Path.Combine(_folder, "mine");
        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "letter.txt"), "dear");
        var (code, _, error) = Run("L", "--output", output);
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("holds something else", error);
        Assert.Equal(
            ["letter.txt"],
            Directory.GetFileSystemEntries(output).Select(Path.GetFileName)
        );
    }

    (int Code, string Output, string Error) Run(string pipeline, params string[] more) =>
        Run(pipeline, new StringWriter(), more);

    (int Code, string Output, string Error) Run(
        string pipeline,
        StringWriter error,
        params string[] more
    )
    {
        StringWriter output = new();
        string[] given =
        [
            .. _common.Where((a, i) => !more.Contains(i % 2 == 0 ? a : _common[i - 1])),
        ];
        int code = Program.Run(
            ["run", pipeline, .. given, .. more],
            new Terminal(Stream.Null, output, error),
            TestContext.Current.CancellationToken
        );
        return (code, $"{output}", $"{error}");
    }

    /// <summary>Tells when some words were written.</summary>
    sealed class Listening(string words) : StringWriter
    {
        readonly TaskCompletionSource _heard = new(
            TaskCreationOptions.RunContinuationsAsynchronously
        );

        public Task Heard => _heard.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(words) == true)
            {
                _heard.TrySetResult();
            }
        }
    }
}
