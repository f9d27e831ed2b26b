using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Data.Metrics;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Data.Corpora;

/// <summary>A corpus as a task: an example is a window of tokens.</summary>
[Trait("tier", "golden")]
public sealed class CorpusTaskTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly ToyWriter _toy = new();

    public void Dispose()
    {
        _folder.Dispose();
        _toy.Dispose();
    }

    EncodedSplit Windows(string text, int length) =>
        new EncodedTask(
            new TaskData(ToyCorpus.Definition, null, null, new Split("test", [new Example(text)])),
            _toy.Model.Tokenizer!,
            length
        ).Test;

    [Theory]
    [InlineData(40, 8, 5)]
    [InlineData(42, 8, 6)]
    // A single token has nothing in front of it that could expect it.
    [InlineData(41, 8, 5)]
    [InlineData(2, 8, 1)]
    public void Windows_follow_each_other_and_hold_all_of_the_text_but_a_single_last_token(
        int tokens,
        int length,
        int windows
    )
    {
        string text = string.Concat(Enumerable.Range(0, tokens).Select(i => (char)('a' + i % 26)));

        EncodedSplit split = Windows(text, length);

        Assert.Equal(windows, split.Count);
        Batch all = split.Take([.. Enumerable.Range(0, split.Count)]);
        int[] ids = _toy.Model.Tokenizer!.EncodeIds(text).Ids;
        Assert.Equal(ids[..(tokens % length == 1 ? tokens - 1 : tokens)], all.Ids);
        Assert.All(all.Starts[..^1], (start, i) => Assert.Equal(i * length, start));
        Assert.All(all.Labels, label => Assert.Equal(-1, label));
    }

    [Fact]
    public void A_text_of_one_token_is_refused() =>
        Assert.Contains(
            "there must be two",
            Assert.Throws<InvalidDataException>(() => Windows("a", 8)).Message
        );

    [Fact]
    public void A_folder_of_WikiText_is_a_corpus_and_without_a_training_text_the_validation_text_is_trained_on()
    {
        _folder.Write("wiki.valid.tokens", "one two\n");
        _folder.Write("wiki.test.tokens", "three four\n");

        TaskData data = Tasks.Load("WikiText-2", _folder.Path);

        Assert.IsType<Corpus>(data.Task.Kind);
        Assert.Equal([Metric.Perplexity, Metric.NextToken], data.Task.Metrics);
        Assert.Equal("three four\n", data.Test.Examples.Single().Text);
        Assert.Same(data.Validation, data.Training);
        Assert.Contains("no training text", data.Warnings.Single());

        _folder.Write("train.txt", "five\n");
        TaskData whole = Tasks.Load("wikitext2", _folder.Path);
        Assert.Equal("five\n", whole.Training.Examples.Single().Text);
        Assert.Empty(whole.Warnings);
        Assert.NotEqual(data.ContentHash(), whole.ContentHash());
    }

    [Fact]
    public void A_folder_without_a_test_text_says_which_files_were_looked_for()
    {
        string message = Assert
            .Throws<InvalidDataException>(() => Tasks.Load("wikitext2", _folder.Path))
            .Message;
        Assert.Contains("test.txt", message);
        Assert.Contains("wiki.test.tokens", message);
        Assert.Contains(
            "train.txt, validation.txt, test.txt",
            Assert.Throws<ArgumentException>(() => Tasks.Load("wikitext2")).Message
        );
    }

    [Fact]
    public void A_test_text_alone_is_measured_and_refuses_to_be_trained_on()
    {
        string path = _folder.Write("book.txt", "one two three\n");

        TaskData data = new CorpusFiles(path).Load(ToyCorpus.Definition);

        Assert.Contains(
            "cannot be trained on",
            Assert.Throws<InvalidDataException>(() => data.Training).Message
        );
    }

    [Fact]
    public void Without_a_validation_text_the_last_tenth_of_the_training_text_is_held_out_whole_lines_of_it()
    {
        string text = ToyCorpus.Text(50, 4);
        TaskData data = new(
            ToyCorpus.Definition,
            new Split("train", [new Example(text)]),
            null,
            new Split("test", [new Example("x y")])
        );

        var (training, tuning) = data.HoldOut();

        string first = training.Examples.Single().Text,
            last = tuning.Examples.Single().Text;
        Assert.Equal(text, first + last);
        Assert.EndsWith("\n", first);
        Assert.InRange(last.Length, text.Length / 10, text.Length / 10 + 30);
    }
}
