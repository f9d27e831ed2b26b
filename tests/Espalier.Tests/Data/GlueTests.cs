using Espalier.Data;

namespace Espalier.Tests.Data;

public sealed class GlueTests
{
    const string Mrpc = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n";

    [Fact]
    public void Quotes_are_literal_and_a_mark_of_byte_order_and_carriage_returns_are_no_text()
    {
        using DataFolder folder = new();
        folder.Write(
            "train.tsv",
            "\uFEFF"
                + Mrpc.Replace("\n", "\r\n")
                + "1\t1\t2\t\"Open\tnever closed\r\n0\t3\t4\ta \"b\" c\td\u0085e\r\n"
        );
        folder.Write("test.tsv", Mrpc + "0\t5\t6\te\tf");
        TaskData data = Tasks.Load("mrpc", folder.Root);
        Assert.Equal(
            [new Example("\"Open", "never closed", 1), new Example("a \"b\" c", "d\u0085e", 0)],
            data.Training.Examples
        );
        Assert.Equal([new Example("e", "f", 0)], data.Test.Examples);
        Assert.Null(data.Validation);
    }

    [Fact]
    public void The_test_file_is_evaluated_on_where_it_has_labels_and_else_the_dev_file()
    {
        using DataFolder folder = new();
        folder.Write("train.tsv", "sentence\tlabel\ngood \t1\nbad \t0\n");
        folder.Write("dev.tsv", "sentence\tlabel\nfine \t1\n");
        folder.Write("test.tsv", "index\tsentence\n0\tunlabelled\n");
        TaskData data = Tasks.Load("sst2", folder.Root);
        Assert.Equal("dev", data.Test.Name);
        Assert.Null(data.Validation);

        folder.Write("test.tsv", "sentence\tlabel\nx\t-1\ny\t-1\n");
        Assert.Equal("dev", Tasks.Load("sst2", folder.Root).Test.Name);

        folder.Write("test.tsv", "sentence\tlabel\nx\t1\n");
        data = Tasks.Load("sst2", folder.Root);
        Assert.Equal("test", data.Test.Name);
        Assert.Equal("dev", data.Validation!.Name);
    }

    [Fact]
    public void A_task_without_training_data_evaluates_and_refuses_to_train_by_the_file_it_wants()
    {
        using DataFolder folder = new();
        folder.Write(
            "dev.tsv",
            "index\tquestion\tsentence\tlabel\n0\tq?\ts.\tentailment\n1\tq?\ts.\tnot_entailment\n"
        );
        TaskData data = Tasks.Load("qnli", folder.Root);
        Assert.Equal([0, 1], data.Test.Examples.Select(e => e.Label!.Value));
        string message = Assert.Throws<InvalidDataException>(() => data.Training).Message;
        Assert.Contains("train.tsv", message);
        Assert.Contains(folder.Root, message);
        Assert.Throws<InvalidDataException>(data.HoldOut);
    }

    [Fact]
    public void CoLA_has_no_header_and_is_judged_by_Matthews()
    {
        using DataFolder folder = new();
        folder.Write(
            "train.tsv",
            "gj04\t1\t\tThe sailors rode.\ngj04\t0\t*\tThe gardener planted roses the.\n"
        );
        folder.Write("dev.tsv", "gj04\t0\t*\tBill sank.\n");
        folder.Write("test.tsv", "index\tsentence\n0\tBill.\n");
        TaskData data = Tasks.Load("cola", folder.Root);
        Assert.Equal([1, 0], data.Training.Examples.Select(e => e.Label!.Value));
        Assert.Equal("The sailors rode.", data.Training.Examples[0].Text);
        Assert.Equal([new Example("Bill sank.", null, 0)], data.Test.Examples);
        Assert.Equal("matthews", data.Task.Primary.Name);
    }

    [Fact]
    public void MNLI_is_judged_on_matched_genres_and_has_the_others_beside()
    {
        const string header = "index\tsentence1\tsentence2\tlabel1\tgold_label\n";
        using DataFolder folder = new();
        folder.Write(
            "train.tsv",
            header
                + "0\ta\tb\tneutral\tneutral\n1\ta\tb\tx\tcontradiction\n2\ta\tb\tx\tentailment\n"
        );
        folder.Write("dev_matched.tsv", header + "0\tc\td\tx\tneutral\n");
        folder.Write("dev_mismatched.tsv", header + "0\te\tf\tx\tentailment\n");
        TaskData data = Tasks.Load("mnli", folder.Root);
        Assert.Equal([1, 2, 0], data.Training.Examples.Select(e => e.Label!.Value));
        Assert.Equal("c", data.Test.Examples[0].Text);
        Assert.Equal("e", Assert.Single(data.Others).Examples[0].Text);
        Assert.Equal("dev_mismatched", data.Others[0].Name);
    }

    [Fact]
    public void STSB_has_scores_and_refuses_those_outside_its_range()
    {
        const string header = "index\tsentence1\tsentence2\tscore\n";
        using DataFolder folder = new();
        folder.Write("train.tsv", header + "0\ta\tb\t5.000\n1\tc\td\t0.25\n");
        string dev = folder.Write("dev.tsv", header + "0\ta\tb\t2.5\n");
        TaskData data = Tasks.Load("stsb", folder.Root);
        Assert.Equal([5.0, 0.25], data.Training.Examples.Select(e => e.Score!.Value));
        Assert.True(data.Task.IsRegression);
        Assert.Equal(1, data.Task.Outputs);

        folder.Write("dev.tsv", header + "0\ta\tb\t5.5\n1\ta\tb\tNaN\n2\ta\tb\thigh\n");
        string[] problems = Refusal("stsb", folder);
        Assert.Equal(3, problems.Length);
        Assert.StartsWith($"{dev}:2: the score 5.5", problems[0]);
        Assert.StartsWith($"{dev}:4: the score 'high'", problems[2]);
    }

    [Fact]
    public void QQP_skips_broken_rows_with_a_warning_and_others_refuse_them_by_line()
    {
        const string header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";
        using DataFolder folder = new();
        string train = folder.Write(
            "train.tsv",
            header + "0\t1\t2\ta\tb\t1\n1\tbroken\n2\t3\t4\tc\td\t0\n"
        );
        folder.Write("dev.tsv", header + "0\t1\t2\te\tf\t0\n");
        TaskData data = Tasks.Load("qqp", folder.Root);
        Assert.Equal(2, data.Training.Count);
        Assert.Contains($"{train}: 1 row ", Assert.Single(data.Warnings));
        Assert.EndsWith("line 3.", data.Warnings[0]);

        using DataFolder other = new();
        string mrpc = other.Write("train.tsv", Mrpc + "1\t1\t2\ta\tb\nbroken\n1\t1\t2\ta\tb\tc\n");
        Assert.Equal(
            [
                $"{mrpc}:3: 1 field between tabs where 5 were expected.",
                $"{mrpc}:4: 6 fields between tabs where 5 were expected.",
                $"{mrpc}: all 1 examples have the label 'equivalent'; training needs at least two different ones.",
            ],
            Refusal("mrpc", other)
        );
    }

    [Fact]
    public void Blank_lines_are_no_rows_at_the_end_or_amid_them()
    {
        using DataFolder folder = new();
        string header = "sentence\tlabel\r\n";
        folder.Write("train.tsv", header + "a\t1\r\n\r\nb\t0\r\n  \r\n\r\n");
        string dev = folder.Write("dev.tsv", header + "\nc\t1\nd\t0\n\n");
        TaskData data = Tasks.Load("sst2", folder.Root);
        Assert.Equal(
            [new Example("a", null, 1), new Example("b", null, 0)],
            data.Training.Examples
        );
        Assert.Equal(["c", "d"], data.Test.Examples.Select(e => e.Text));
        Assert.Empty(data.Warnings);
        File.WriteAllText(dev, header + "c\t1\n\n\t\n");
        Assert.Contains($"{dev}:4: the label is ''", Refusal("sst2", folder)[0]);
    }

    [Theory]
    [InlineData("rte", "entailment", 0)]
    [InlineData("rte", "not_entailment", 1)]
    [InlineData("wnli", "0", 0)]
    [InlineData("wnli", "entailment", 1)]
    [InlineData("qnli", "1", 1)]
    public void Labels_are_names_or_numbers_as_GLUE_counts_them(
        string task,
        string label,
        int expected
    )
    {
        using DataFolder folder = new();
        string columns = task == "qnli" ? "question\tsentence" : "sentence1\tsentence2";
        folder.Write("dev.tsv", $"index\t{columns}\tlabel\n0\ta\tb\t{label}\n");
        Assert.Equal(expected, Tasks.Load(task, folder.Root).Test.Examples[0].Label);
    }

    [Fact]
    public void All_problems_of_all_files_are_told_at_once_but_no_more_than_twenty()
    {
        using DataFolder folder = new();
        string train = folder.Write(
            "train.tsv",
            "sentence\tlabel\n" + string.Concat(Enumerable.Repeat("x\t-1\n", 30))
        );
        string dev = folder.Write("dev.tsv", "text\tlabel\nx\t1\n");
        string[] problems = Refusal("sst2", folder);
        Assert.Equal(21, problems.Length);
        Assert.StartsWith($"{train}:2: the label is '-1'", problems[0]);
        Assert.Equal("… and 11 more problems of this kind.", problems[^1]);

        folder.Write("train.tsv", "sentence\tlabel\nx\t2\ny\t1\n");
        problems = Refusal("sst2", folder);
        Assert.Equal(
            $"{train}:2: the label '2' is none of sst2's: 'negative', 'positive'.",
            problems[0]
        );
        Assert.Equal(
            $"{dev}:1: no column 'sentence'; the columns are 'text', 'label'.",
            problems[1]
        );
    }

    [Fact]
    public void Files_that_are_no_text_are_refused_at_the_byte()
    {
        using DataFolder folder = new();
        string dev = folder.Write(
            "dev.tsv",
            [.. "sentence\tlabel\nab"u8, 0xC3, (byte)'\t', (byte)'1']
        );
        Assert.StartsWith(
            $"{dev} at byte 17 (line 2): 0xc3 is not UTF-8",
            Refusal("sst2", folder)[0]
        );
        folder.Write("dev.tsv", System.Text.Encoding.Unicode.GetBytes("sentence\tlabel\n"));
        Assert.StartsWith($"{dev} at byte 1 (line 1): a NUL byte", Refusal("sst2", folder)[0]);
        folder.Write("dev.tsv", "");
        Assert.StartsWith($"{dev} is empty", Refusal("sst2", folder)[0]);
        folder.Write("dev.tsv", "sentence\tlabel\n");
        Assert.StartsWith($"{dev} has no rows", Refusal("sst2", folder)[0]);
        File.Delete(dev);
        Assert.StartsWith($"{folder.Root} has neither test.tsv", Refusal("sst2", folder)[0]);
        Assert.Contains(
            "is not a folder",
            Assert.Throws<InvalidDataException>(() => Tasks.Load("sst2", dev)).Message
        );
    }

    [Fact]
    public void Unknown_names_get_the_nearest_and_tasks_without_files_ask_for_a_folder()
    {
        Assert.Contains(
            "did you mean 'mrpc'?",
            Assert.Throws<ArgumentException>(() => Tasks.Load("mprc")).Message
        );
        Assert.Contains(
            "train.tsv, dev_matched.tsv, test_matched.tsv",
            Assert.Throws<ArgumentException>(() => Tasks.Load("mnli")).Message
        );
        Assert.Equal("stsb", Tasks.Find("STS-B").Name);
    }

    [Fact]
    public void Every_task_is_listed_once_and_says_what_it_is()
    {
        Assert.Equal(
            [
                "sentiment",
                "banking77",
                "cola",
                "sst2",
                "mrpc",
                "stsb",
                "qqp",
                "mnli",
                "qnli",
                "rte",
                "wnli",
                "wikitext2",
            ],
            Tasks.All.Select(task => task.Name)
        );
        Assert.All(
            Tasks.All,
            task =>
            {
                Assert.NotEmpty(task.Title);
                Assert.NotEmpty(task.Licence);
                Assert.Equal(task.Kind is Corpus ? 256 : 128, task.MaxLength);
                Assert.Equal(task.IsRegression, task.Primary.IsOfScores);
            }
        );
        Assert.Equal(["accuracy", "f1"], Tasks.Find("mrpc").Metrics.Select(m => m.Name));
        Assert.Equal(["pearson", "spearman"], Tasks.Find("stsb").Metrics.Select(m => m.Name));
    }

    static string[] Refusal(string task, DataFolder folder) =>
        Assert
            .Throws<InvalidDataException>(() => Tasks.Load(task, folder.Root))
            .Message.Split('\n');
}
