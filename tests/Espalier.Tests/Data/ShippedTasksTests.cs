using Espalier.Data;

namespace Espalier.Tests.Data;

public sealed class ShippedTasksTests
{
    [Fact]
    public void Sentiment_has_2400_training_and_600_test_sentences_in_the_order_of_the_files()
    {
        TaskData data = Tasks.Load("sentiment");
        Assert.Equal(2400, data.Training.Count);
        Assert.Equal(600, data.Test.Count);
        Assert.Null(data.Validation);
        Assert.Equal(
            "So there is no way for me to plug it in here in the US unless I go by a converter.",
            data.Training.Examples[0].Text
        );
        Assert.StartsWith("A very, very, very slow-moving", data.Training.Examples[800].Text);
        Assert.Equal("Wow... Loved this place.", data.Training.Examples[1600].Text);
        Assert.Equal("Crust is not good.", data.Training.Examples[1601].Text);
        Assert.Equal(0, data.Training.Examples[1601].Label);
        Assert.All(data.Test.Examples, e => Assert.True(e.Label is 0 or 1 && e.Pair is null));
    }

    [Fact]
    public void Sentiment_keeps_next_line_characters_and_quotes_inside_its_sentences()
    {
        TaskData data = Tasks.Load("sentiment");
        Example[] all = [.. data.Training.Examples, .. data.Test.Examples];
        Assert.Equal(2, all.Count(e => e.Text.Contains('\u0085')));
        Assert.Equal(1500, all.Count(e => e.Label == 1));
        Assert.Contains(all, e => e.Text.Contains("the ear \"clip\" is"));
    }

    [Fact]
    public void Banking77_has_its_rows_its_order_of_intents_and_line_breaks_inside_texts()
    {
        TaskData data = Tasks.Load("banking77");
        Assert.Equal(10_003, data.Training.Count);
        Assert.Equal(3_080, data.Test.Count);
        Assert.Equal(77, data.Task.Outputs);
        Assert.Equal("card_arrival", data.Task.Labels[0]);
        Assert.Equal("I am still waiting on my card?", data.Training.Examples[0].Text);
        Assert.Equal("card_arrival", data.Task.Labels[data.Training.Examples[0].Label!.Value]);
        Assert.Equal(10, data.Training.Examples.Count(e => e.Text.Contains('\n')));
        Assert.Equal(3, data.Test.Examples.Count(e => e.Text.Contains('\n')));
        Assert.All(
            data.Test.Examples.GroupBy(e => e.Label),
            group => Assert.Equal(40, group.Count())
        );
    }

    [Fact]
    public void Content_hashes_are_fixed_and_tell_the_data_apart()
    {
        TaskData sentiment = Tasks.Load("sentiment");
        Assert.Equal(Tasks.Load("sentiment").ContentHash(), sentiment.ContentHash());
        Assert.Equal(Hash.Sentiment, sentiment.ContentHash());
        Assert.Equal(Hash.Banking77, Tasks.Load("banking77").ContentHash());
        Split test = sentiment.Test;
        Example[] changed =
        [
            test.Examples[0] with
            {
                Label = 1 - test.Examples[0].Label,
            },
            .. test.Examples.Skip(1),
        ];
        Assert.NotEqual(test.ContentHash(), (test with { Examples = changed }).ContentHash());
        Assert.Equal(test.ContentHash(), (test with { Name = "other" }).ContentHash());
    }

    [Fact]
    public void A_hash_does_not_confuse_where_a_text_ends()
    {
        Split one = new("a", [new Example("ab", "c", 0)]);
        Split other = new("a", [new Example("a", "bc", 0)]);
        Split single = new("a", [new Example("abc", null, 0)]);
        Split empty = new("a", [new Example("abc", "", 0)]);
        Assert.Equal(
            4,
            new[] { one, other, single, empty }.Select(s => s.ContentHash()).Distinct().Count()
        );
    }

    [Fact]
    public void A_folder_of_the_same_files_is_read_instead_of_the_shipped_ones()
    {
        string folder = Path.Combine(
            Goldens.Repository.Root,
            "src",
            "Espalier",
            "Data",
            "Shipped",
            "banking77"
        );
        Assert.Equal(
            Tasks.Load("banking77").ContentHash(),
            Tasks.Load("banking77", folder).ContentHash()
        );
    }

    [Fact]
    public void A_folder_without_the_files_is_refused_with_every_file_named()
    {
        using DataFolder folder = new();
        string message = Assert
            .Throws<InvalidDataException>(() => Tasks.Load("sentiment", folder.Root))
            .Message;
        Assert.Equal(3, message.Split('\n').Length);
        Assert.Contains("amazon_cells_labelled.txt does not exist", message);
    }

    // Computed apart from this code, with Python's csv and hashlib from the same files.
    static class Hash
    {
        public const string Sentiment =
            "4f1ddab08cb03872086c6291f14416b82d9e8828b73145efec62b60079f29376";
        public const string Banking77 =
            "3fb410f4debc60117c1603a6095ce1b0bdc9eb94ae63d11eadf867edc5834fb1";
    }

    [Fact]
    public void A_task_has_classes_or_scores_as_its_kind_says()
    {
        Assert.IsType<Labelled>(Tasks.Find("sentiment").Kind);
        TaskDefinition similarity = Tasks.Find("sts-b");
        Assert.Equal(new Scored((0, 5)), similarity.Kind);
        Assert.Equal(
            (true, 1, 0),
            (similarity.IsRegression, similarity.Outputs, similarity.Labels.Count)
        );
    }
}
