using Espalier.Cli;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>Language models are distilled by the command line: from another checkpoint, a text of their own, within a budget.</summary>
[Trait("tier", "golden")]
public sealed class TeacherCommandTests : IDisposable
{
    readonly ToyWriter _toy = new();
    readonly TemporaryFolder _files = new();

    public void Dispose()
    {
        _toy.Dispose();
        _files.Dispose();
    }

    Outcome Run(string pipeline, string output, params string[] more) =>
        CommandLine.Run([
            "run",
            pipeline,
            "--model",
            _toy.Folder,
            "--test",
            _files.Write("test.txt", ToyCorpus.Text(20, 3)),
            "--max-length",
            "32",
            "--epochs",
            "1",
            "--rate",
            "3e-3",
            "--output",
            _files[output],
            .. more,
        ]);

    string[] WithText =>
        [
            "--train",
            _files.Write("train.txt", ToyCorpus.Text(60, 1)),
            "--validation",
            _files.Write("validation.txt", ToyCorpus.Text(20, 2)),
        ];

    string Made(string output) => Directory.GetDirectories(_files[output], "2-*").Single();

    [Fact]
    public void A_student_may_be_another_checkpoint_with_the_same_vocabulary()
    {
        ModelConfig config = _toy.Model.Config;
        Model narrow = (
            Kept.All(config) with
            {
                Channels = [.. Enumerable.Range(0, config.Hidden / 2)],
            }
        ).Of(_toy.Model);
        ModelFolder.Save(narrow, _files["student"], _toy.Model.Tokenizer!.Files());

        Run($"D(student={_files["student"]})", "run", WithText).Succeeds();

        Model made = ModelFolder.Load(Made("run")).Model;
        Assert.Equal(config.Hidden / 2, made.Config.Hidden);
        Assert.NotEqual(
            narrow.Parameters[Part.Word.Weight].Span.ToArray(),
            made.Parameters[Part.Word.Weight].Span.ToArray()
        );
        Run($"D(student={_files["nowhere"]})", "other", WithText)
            .Refuses(ExitCode.Refused, "does not exist");
    }

    [Fact]
    public void Where_there_is_no_text_the_teacher_writes_it_and_nothing_of_it_stays()
    {
        Outcome run = Run("D(layers=1,data=self,tokens=256)", "run", "--format", "json").Succeeds();

        Assert.Contains("The teacher writes 8 texts of 32 tokens", run.Error);
        Assert.Equal(2, run.Json.GetProperty("stages").GetArrayLength());
        Assert.Empty(Directory.GetFiles(_files["run"], "*.bin", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_text_may_be_named_and_decides_by_what_is_in_it()
    {
        string text = _files.Write("other.txt", ToyCorpus.Text(30, 8));
        Run($"D(layers=1,data={text})", "run").Succeeds();
        string first = Shown("run");
        File.Move(text, _files["renamed.txt"]);
        Run($"D(layers=1,data={_files["renamed.txt"]})", "again").Succeeds();
        Assert.Equal(first, Shown("again"));
        Run($"D(layers=1,data={text})", "none").Refuses(ExitCode.Refused, "does not exist");
        CommandLine
            .Run("run", $"D(data={_files["renamed.txt"]})", "--output", _files["encoder"])
            .Refuses(ExitCode.Refused, "leave data out");
    }

    string Shown(string output) =>
        Espalier.Checkpoints.ContentHash.OfFile(Path.Combine(Made(output), "model.safetensors"));

    [Fact]
    public void A_model_is_the_same_however_much_its_teacher_may_keep_on_disk()
    {
        string[] hashes =
        [
            .. ((string[])["0", "1e-5", "4"]).Select(most =>
            {
                Run("D(layers=1)", "run" + most, [.. WithText, "--teacher-cache", most]).Succeeds();
                return Shown("run" + most);
            }),
        ];
        Assert.Single(hashes.Distinct());
        Run("D(layers=1)", "none", [.. WithText, "--teacher-cache", "-1"])
            .Refuses(ExitCode.Usage, "--teacher-cache is '-1'");
    }

    [Fact]
    public void A_budget_is_met_and_what_the_search_costs_is_told()
    {
        Outcome run = Run("P(minitron,parameters=0.6)", "run", WithText).Succeeds();

        Assert.Contains("shapes use the budget up", run.Error);
        Assert.Contains("of the parameters", run.Error);
        Model made = ModelFolder.Load(Made("run")).Model;
        Assert.True(made.Parameters.Count <= 0.6 * _toy.Model.Parameters.Count);
        Run("P(minitron,parameters=0.6,hidden=0.5)", "other", WithText)
            .Refuses(ExitCode.Refused, "leave them out");
    }
}
