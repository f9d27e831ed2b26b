using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

/// <summary>Students learn from a file, or from what their teacher writes.</summary>
[Trait("tier", "golden")]
public sealed class TextSourceTests : IDisposable
{
    // More than are written at once, the last of them not filled by the tokens that are asked for.
    const int Tokens = 20 * ToyCorpus.Window - 5;

    readonly Workers _workers = new(1);
    readonly TemporaryFolder _folder = new();
    readonly ToyWriter _toy = new();

    public void Dispose()
    {
        _workers.Dispose();
        _folder.Dispose();
        _toy.Dispose();
    }

    OperatorContext Context(string? folder = null, ulong seed = 1, Workers? workers = null) =>
        ToyCorpus.Context(_toy, workers ?? _workers, seed) with
        {
            Checkpoint = folder is null
                ? null
                : new CheckpointPlace(_folder[folder], "key", TimeSpan.FromHours(1)),
        };

    static readonly TextSource Self = TextSource.Task with { From = "self", Tokens = Tokens };

    int[][] Written(OperatorContext context, Model? teacher = null)
    {
        EncodedSplit split = Self.For(teacher ?? _toy.Model, context).Task.Training;
        return [.. Enumerable.Range(0, split.Count).Select(i => split.Take([i]).Ids)];
    }

    [Fact]
    public void A_teacher_draws_a_token_goes_on_with_the_likeliest_and_then_draws()
    {
        int[][] texts = Written(Context());

        Assert.Equal(20, texts.Length);
        Assert.All(texts, t => Assert.Equal(ToyCorpus.Window, t.Length));
        Assert.True(texts.Select(t => t[0]).Distinct().Count() > 10);
        int[] sure = [.. texts.Select(t => Likeliest(t))];
        Assert.All(sure, n => Assert.InRange(n, 2, ToyCorpus.Window / 2));
        Assert.True(sure.Distinct().Count() > 1, string.Join(' ', sure));
        // What is drawn from some two hundred tokens is not the likeliest each time.
        Assert.Equal(20, texts.Select(t => string.Join(' ', t[8..])).Distinct().Count());
    }

    /// <summary>Tokens behind the first that are the likeliest each.</summary>
    int Likeliest(int[] text)
    {
        int count = 0;
        bool goesOn = true;
        new LanguageSession(
            new PackedModel(_toy.Model, _workers, KernelFamily.Best),
            _workers
        ).Score(
            new Batch
            {
                Ids = text,
                TypeIds = new int[text.Length],
                Starts = [0, text.Length],
            },
            (row, logits) =>
            {
                for (int r = 0; r < logits.Rows && row + r + 1 < text.Length; r++)
                {
                    goesOn &= Effort.Largest(logits.Row(r)) == text[row + r + 1];
                    count += goesOn ? 1 : 0;
                }
            }
        );
        return count;
    }

    [Fact]
    public void What_is_written_follows_from_the_seed_alone()
    {
        using Workers three = new(3);
        int[][] texts = Written(Context());
        Assert.Equal(texts, Written(Context(workers: three)));
        Assert.Equal(texts, Written(Context("stage")));
        Assert.NotEqual(texts, Written(Context(seed: 2)));
    }

    [Fact]
    public void It_is_written_once_and_goes_on_where_it_was_stopped()
    {
        int[][] texts = Written(Context());
        OperatorContext context = Context("stage");
        List<string> notes = [];

        // Stopped behind its first texts: the file ends in the middle of the second ones.
        Assert.Equal(texts, Written(context));
        string file = _folder["stage/written.bin"];
        using (FileStream cut = new(file, FileMode.Open))
        {
            cut.SetLength(17L * (16 + 4 * ToyCorpus.Window) + 3);
        }

        Assert.Equal(texts, Written(context with { Note = notes.Add }));
        Assert.Contains("20 texts of 32 tokens", notes.Single());

        // Nobody is asked any more.
        Model other = ToyDecoders.Load("llama-tied");
        Assert.Equal(texts, Written(context with { Note = notes.Add }, other));
        Assert.Single(notes);
        Assert.Throws<OperationCanceledException>(() =>
            Written(Context("other") with { Stop = new CancellationToken(true) })
        );
    }

    [Theory]
    [InlineData("D(layers=2,data=self,tokens=1600")]
    [InlineData("P(minitron,hidden=48,data=self,tokens=1600")]
    public void A_student_learns_without_any_text(string text)
    {
        // One that has learned something, so that there is something to pass on.
        Model teacher = new FineTune().Apply(
            ToyLlama.Model(layers: 4) with
            {
                Tokenizer = Toy.Tokenizer,
            },
            Toy.Context(_workers)
        );
        TaskData none = Toy.Data with { Train = null };
        OperatorContext context = Toy.Context(_workers) with
        {
            Task = new EncodedTask(none, Toy.Tokenizer, 16),
        };
        Operator learns = Pipeline.Parse(text + ")").Operators[^1],
            alone = Pipeline.Parse(text + ",logits=0,embedding=0,last=0)").Operators[^1];
        Assert.Equal(1600, learns.Writes);

        // On other texts of the teacher's.
        Batch texts = Self.For(teacher, Toy.Context(_workers, seed: 7))
            .Task.Training.Take([.. Enumerable.Range(0, 20)]);
        double before = Divergence(alone.Apply(teacher, context)),
            after = Divergence(learns.Apply(teacher, context));
        Assert.True(after < 0.85 * before, $"{before} before and {after} after");

        double Divergence(Model student)
        {
            Tape tape = new(_workers, KernelFamily.Best);
            tape.Begin();
            Pass own = new Learner(student, tape).Forward(texts),
                said = new Learner(teacher, tape).Forward(texts);
            return tape.Imitate(
                own.Output.LastLogits,
                LikelyTokens.Of(_workers, said.Output.LastLogits.Value, 96, 1),
                texts.NextTokens(),
                new Imitation()
            ).Value.Span[0];
        }
    }

    [Theory]
    [InlineData("D(layers=1")]
    [InlineData("P(minitron,ffn=0.5")]
    public void A_file_is_learned_from_as_the_tasks_text_is(string text)
    {
        string file = _folder.Write("text.txt", ToyCorpus.Text(60, 1));
        Operator plain = Pipeline.Parse(text + ")").Operators[^1],
            named = Pipeline.Parse($"{text},data={file})").Operators[^1];
        Assert.Equal([file], named.Inputs);
        Assert.Null(named.Writes);
        Assert.DoesNotContain(file, named.Canonical());

        Model expected = plain.Apply(_toy.Model, Context()),
            made = named.Apply(_toy.Model, Context());

        Assert.All(
            expected.Parameters.Names,
            n => Assert.Equal(expected.Parameters[n].Span, made.Parameters[n].Span)
        );
        OperatorContext other = Context() with
        {
            Task = new EncodedTask(
                ToyCorpus.Data with
                {
                    Train = new Split("train", [new Example(ToyCorpus.Text(60, 9))]),
                },
                _toy.Model.Tokenizer!,
                ToyCorpus.Window
            ),
        };
        Model same = named.Apply(_toy.Model, other);
        Assert.Equal(
            expected.Parameters["layers.0.up.weight"].Span,
            same.Parameters["layers.0.up.weight"].Span
        );
    }

    [Theory]
    [InlineData("D(data=self)")]
    [InlineData("P(data=self)")]
    [InlineData("P(minitron,data=some.txt)")]
    public void An_encoder_learns_from_its_task(string text)
    {
        Operator one = Pipeline.Written(text)[0];
        Assert.Contains("leave data out", one.Problem(Toy.Config));
        Assert.Null(one.Problem(_toy.Model.Config));
    }

    [Fact]
    public void Keys_know_the_source_and_those_from_before_are_as_they_were()
    {
        Assert.DoesNotContain("data", new Distill().Canonical());
        Assert.DoesNotContain("tokens", new Prune().Canonical());
        Assert.Contains("data=self", Pipeline.Written("D(data=self)")[0].Canonical());
    }
}
