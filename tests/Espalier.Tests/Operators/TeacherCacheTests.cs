using Espalier.Cli;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Tests.Runs;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>What a teacher said is on disk while a stage trains, and changes nothing.</summary>
public sealed class TeacherCacheTests : IDisposable
{
    readonly Workers _workers = new(1);
    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _workers.Dispose();
        _folder.Dispose();
    }

    static Model Language { get; } = ToyLlama.Model(layers: 4) with { Tokenizer = Toy.Tokenizer };

    static readonly DistillationWeights Everything = new(1, 1, 1, 1) { Top = 5 };

    OperatorContext Context(string? folder = "stage", long most = 1 << 20) =>
        Toy.Context(_workers) with
        {
            TeacherBytes = most,
            Checkpoint = folder is null
                ? null
                : new CheckpointPlace(_folder[folder], "key", TimeSpan.FromHours(1)),
        };

    string[] Files(string folder = "stage") => Directory.GetFiles(_folder[folder], "said-*.bin");

    static float[] All(Told told) =>
        [
            .. told.Tokens.Ids.Select(i => (float)i),
            .. told.Tokens.Logs,
            .. told.Tokens.Rest,
            .. told.Embedding!.Span,
            .. told.Last!.Span,
        ];

    static float[] All(Said said) =>
        [.. said.Logits.Span, .. said.States.SelectMany(s => s.Span.ToArray())];

    [Fact]
    public void A_language_model_is_asked_about_a_text_once_in_any_batch_and_process()
    {
        EncodedSplit split = Context().Task.Training;
        float[] said;
        using (LanguageTeacher first = new(Language, Everything, Context()))
        {
            first.Of(split.Take([0, 7]));
            first.Of(split.Take([3]));
            first.Of(split.Take([3, 0]));
            Assert.Equal(3, first.Asked);
        }

        using (LanguageTeacher second = new(Language, Everything, Context()))
        {
            said = All(second.Of(split.Take([3, 0, 7])));
            Assert.Equal(0, second.Asked);
            second.Of(split.Take([3, 9, 0]));
            Assert.Equal(1, second.Asked);
        }

        using LanguageTeacher never = new(Language, Everything, Context(null, 0));
        Assert.Equal(All(never.Of(split.Take([3, 0, 7]))), said);
        using LanguageTeacher other = new(Language, Everything with { Top = 6 }, Context());
        other.Of(split.Take([3]));
        Assert.Equal(1, other.Asked);
    }

    [Fact]
    public void A_classifier_is_asked_once_too()
    {
        EncodedSplit split = Context().Task.Training;
        int[] layers = [Teacher.Embedding, 1];
        using (Teacher first = new(Toy.Model, layers, Context()))
        {
            first.Of(split.Take([5, 2]));
        }

        string file = Files().Single();
        byte[] before = File.ReadAllBytes(file);
        using Teacher second = new(Toy.Make(Toy.Config, seed: 99), layers, Context()),
            never = new(Toy.Model, layers, Context(null, 0));
        Assert.Equal(All(never.Of(split.Take([2, 5]))), All(second.Of(split.Take([2, 5]))));
        Assert.Equal(before, File.ReadAllBytes(file));
    }

    public static TheoryData<bool, string> Stages =>
        new()
        {
            { true, "D(layers=2,top=4)" },
            { true, "P(minitron,hidden=48,ffn=0.25,steps=2)" },
            { false, "D(layers=1)" },
            { false, "P(heads=0.5,ffn=0.5)" },
        };

    static Model Of(bool language) => language ? Language : Toy.Model;

    static Operator Stage(string text) => Pipeline.Parse(text).Operators[^1];

    [Theory]
    [MemberData(nameof(Stages))]
    public void A_stage_has_the_same_bytes_however_little_may_be_kept(bool language, string text)
    {
        Model expected = Stage(text).Apply(Of(language), Context(null, 0));
        foreach (
            var (folder, most) in ((string?, long)[])
                [(null, 1 << 20), ("none", 0), ("some", 20_000), ("all", 1 << 22)]
        )
        {
            Same(expected, Stage(text).Apply(Of(language), Context(folder, most)));
            if (folder is not null)
            {
                Assert.InRange(Files(folder).Sum(f => new FileInfo(f).Length), 0, most);
            }
        }

        Assert.True(Files("some").Sum(f => new FileInfo(f).Length) > 10_000);
    }

    [Theory]
    [InlineData(true, "D(layers=2,top=4)")]
    [InlineData(false, "D(layers=1)")]
    public void A_stage_that_goes_on_does_not_ask_again_but_where_something_is_damaged(
        bool language,
        string text
    )
    {
        Distill distill = (Distill)Stage(text);
        Model model = Of(language),
            other =
                model with
                {
                    Parameters = model.Parameters.With(n =>
                        n == "layers.1.up.weight"
                            ? (Espalier.Stored.Weight)Toy.Make(model.Config, 3).Parameters[n]
                            : null
                    ),
                };
        Model expected = Train(model);
        Restart();

        // A teacher that would say something else is not heard.
        Same(expected, Train(other));
        Restart();
        string file = Files().Single();
        for (long bit = 50; bit < 8 * new FileInfo(file).Length; bit += 40_009)
        {
            Flips.Flip(file, bit);
        }

        Same(expected, Train(model));
        Restart();
        File.WriteAllBytes(file, [1, 2, 3]);
        Assert.NotEqual(
            expected.Parameters["layers.0.up.weight"].Span.ToArray(),
            Train(other).Parameters["layers.0.up.weight"].Span.ToArray()
        );

        void Restart() => File.Delete(_folder["stage/" + CheckpointPlace.FileName]);

        Model Train(Model teacher)
        {
            OperatorContext context = Context(most: 1 << 24);
            Model student = distill.Begin(model, context);
            Distillation.Train(
                student,
                teacher,
                distill.Weights,
                Distill.ExitOf(student, teacher),
                context
            );
            return student;
        }
    }

    [Fact]
    public void A_full_disk_has_its_exit_code()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /dev/full here.");
        Operator stage = Stage("D(layers=2)");
        stage.Apply(Language, Context());
        string said = Files().Single();
        foreach (string file in Directory.GetFiles(_folder["stage"]))
        {
            File.Delete(file);
        }

        File.CreateSymbolicLink(said, "/dev/full");
        Exception full = Assert.ThrowsAny<IOException>(() => stage.Apply(Language, Context()));
        Assert.Equal(ExitCode.OutOfSpace, ExitCode.Of(full, interrupted: false).Code);
    }

    static void Same(Model expected, Model actual) =>
        Assert.All(
            expected.Parameters.Names,
            name =>
                Assert.Equal(
                    expected.Parameters[name].Span.ToArray(),
                    actual.Parameters[name].Span.ToArray()
                )
        );
}
