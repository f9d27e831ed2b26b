using Espalier.Data;

namespace Espalier.Tests.Data;

public sealed class TableFilesTests : IDisposable
{
    readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CSV_has_quotes_doubled_quotes_separators_and_line_breaks_inside_fields()
    {
        TaskData data = Files(
                "id,text,label\r\n1,\"a, \"\"b\"\"\r\nc\",spam\r\n2, d \"e\" ,ham\r\n\r\n3,f,ham",
                "label,text\nham,g\n"
            )
            .Load();
        Assert.Equal(["ham", "spam"], data.Task.Labels);
        Assert.Equal(
            [
                new Example("a, \"b\"\r\nc", null, 1),
                new Example(" d \"e\" ", null, 0),
                new Example("f", null, 0),
            ],
            data.Training.Examples
        );
        Assert.Equal([new Example("g", null, 0)], data.Test.Examples);
        Assert.Equal(["accuracy", "f1"], data.Task.Metrics.Select(m => m.Name));
    }

    [Fact]
    public void TSV_and_JSON_lines_give_the_same_examples_as_CSV()
    {
        string tsv = _folder.Write("a.tsv", "text\tother\tlabel\n\"a\tb\"\tx\t1\nc\ty\t0\n");
        string json = _folder.Write(
            "a.jsonl",
            "{\"label\": 1, \"other\": \"x\", \"text\": \"a\\tb\"}\n\n{\"text\":\"c\",\"label\":\"0\",\"other\":\"y\",\"n\":[1]}\r\n"
        );
        string csv = _folder.Write("a.csv", "text,other,label\na\tb,x,1\nc,y,0\n");
        TaskData[] all =
        [
            .. new[] { tsv, json, csv }.Select(path =>
                new TableFiles(path, "text", "label") { Train = path, TextPair = "other" }.Load()
            ),
        ];
        Assert.Equal(
            [new Example("a\tb", "x", 1), new Example("c", "y", 0)],
            all[0].Training.Examples
        );
        Assert.Equal(all[0].ContentHash(), all[1].ContentHash());
        Assert.Equal(all[0].ContentHash(), all[2].ContentHash());
        Assert.Contains("2 of 2 test examples also stand", Assert.Single(all[0].Warnings));
    }

    [Fact]
    public void Whole_numbers_are_ordered_by_value_and_other_labels_by_their_characters()
    {
        Assert.Equal(
            ["2", "10", "33"],
            Files("text,label\na,10\nb,2\nc,33\n", "text,label\nd,2\n").Load().Task.Labels
        );
        Assert.Equal(
            ["10", "2", "B", "a"],
            Files("text,label\na,10\nb,2\nc,a\nd,B\n", "text,label\nd,2\n").Load().Task.Labels
        );
    }

    [Fact]
    public void A_regression_takes_finite_scores_and_minus_one_is_one()
    {
        TableFiles files = Files("text,label\na,-1\nb,2.5e1\n", "text,label\nd,0\n") with
        {
            IsRegression = true,
        };
        TaskData data = files.Load();
        Assert.Equal([-1.0, 25.0], data.Training.Examples.Select(e => e.Score!.Value));
        Assert.Equal("pearson", data.Task.Primary.Name);
        string train = _folder.Write("train.csv", "text,label\na,inf\nb,\nc,1\nd,2\n");
        Assert.Equal(
            [
                $"{train}:2: the score 'inf' is not a finite number, and custom is a regression.",
                $"{train}:3: the label is '', which marks a row without one; training and evaluating need labels.",
            ],
            Refusal(files)
        );
    }

    [Fact]
    public void Wishes_that_contradict_themselves_are_the_callers_mistake()
    {
        TableFiles files = Files("text,label\na,1\nb,0\n", "text,label\nd,1\n");
        Assert.Contains(
            "order of its labels",
            Assert.Throws<ArgumentException>(() => (files with { Train = null }).Load()).Message
        );
        Assert.Contains(
            "different columns",
            Assert.Throws<ArgumentException>(() => (files with { Label = "text" }).Load()).Message
        );
        Assert.Contains(
            "none twice",
            Assert
                .Throws<ArgumentException>(() => (files with { Labels = ["1", "1"] }).Load())
                .Message
        );
    }

    [Fact]
    public void With_the_labels_of_a_model_a_file_is_evaluated_without_training_data()
    {
        TaskData data = (
            Files("", "text,label\nd,yes\n") with
            {
                Train = null,
                Labels = ["yes", "no"],
            }
        ).Load();
        Assert.Equal(0, Assert.Single(data.Test.Examples).Label);
        Assert.Null(data.Train);
        Assert.Throws<InvalidDataException>(() => data.Training);
    }

    [Fact]
    public void A_label_that_training_does_not_have_is_refused_once()
    {
        TableFiles files = Files("text,label\na,x\nb,y\n", "text,label\nd,z\ne,z\nf,-1\n");
        Assert.Equal(
            [
                $"{files.Test}:2: the label 'z' is none of custom's: 'x', 'y'.",
                $"{files.Test}:4: the label is '-1', which marks a row without one; training and evaluating need labels.",
            ],
            Refusal(files)
        );
    }

    [Theory]
    [InlineData("text,label\n", "has no rows of data")]
    [InlineData("", "is empty")]
    [InlineData("text,label\na,-1\nb,\n", "no row has a label in 'label'")]
    [InlineData("text,label\na,x\nb,x\n", "all 2 examples have the label 'x'")]
    [InlineData("text,kind\na,x\nb,y\n", ":1: no column 'label'; the columns are 'text', 'kind'.")]
    [InlineData("text,label,label\na,x,y\n", ":1: more than one column 'label'")]
    [InlineData("text,label\na,x\nb\nc,y\n", ":3: 1 field where the header has 2.")]
    [InlineData("text,label\na,x\n\"b\nc\",y,z\n", ":3: 3 fields where the header has 2.")]
    [InlineData(
        "text,label\na,x\nb,y\n\"c,x\nd,y\n",
        ":4: a quoted field that begins in this row is never closed"
    )]
    [InlineData("text,label\na,x\nb,y\n\"c\"d,x\n", ":4: text after the closing quote")]
    public void Broken_CSV_is_refused_by_path_and_line(string train, string expected)
    {
        TableFiles files = Files(train, "text,label\nd,x\n");
        string problem = Refusal(files)[0];
        Assert.StartsWith(files.Train!, problem);
        Assert.Contains(expected, problem);
    }

    [Fact]
    public void A_broken_row_amid_good_ones_is_the_only_one_told()
    {
        string rows = string.Concat(Enumerable.Range(0, 3000).Select(i => $"\"t{i}\",{i % 2}\n"));
        TableFiles files = Files(
            $"text,label\n{rows}\"c\"d,1\n{rows}e,1,2\n{rows}",
            "text,label\nd,1\n"
        );
        string[] problems = Refusal(files);
        Assert.Equal(2, problems.Length);
        Assert.StartsWith($"{files.Train}:3002: text after", problems[0]);
        Assert.StartsWith($"{files.Train}:6003: 3 fields", problems[1]);
    }

    [Theory]
    [InlineData("[{\"text\":\"a\"}]", ":1: no 'label'; the object has 'text'.")]
    [InlineData("[\n\"a\"]", ":2: a JSON String where an object was expected.")]
    [InlineData("[{\"text\":\"a\",\"label\":1},", ":1: not valid JSON")]
    [InlineData("{\"text\":\"a\",\"label\":1}\n{\"text\":", ":2: not one JSON object a line")]
    [InlineData("{\"text\":\"a\",\"text\":\"b\",\"label\":1}", ":1: not one JSON object a line")]
    [InlineData("{\"text\":\"a\",\"kind\":1}", ":1: no 'label'; the object has 'text', 'kind'.")]
    [InlineData("{\"text\":\"a\",\"label\":[1]}", ":1: 'label' is a JSON Array")]
    [InlineData("{\"text\":\"\\ud800\",\"label\":1}", ":1: a text holds half of a surrogate pair")]
    public void Broken_JSON_lines_are_refused_by_path_and_line(string train, string expected)
    {
        string path = _folder.Write("train.jsonl", train);
        TableFiles files = Files("", "text,label\nd,x\n") with { Train = path };
        string problem = Refusal(files)[0];
        Assert.StartsWith(path, problem);
        Assert.Contains(expected, problem);
    }

    [Fact]
    public void Problems_of_both_files_are_told_together_and_extensions_decide()
    {
        TableFiles files = new("b.xlsx", "text", "label")
        {
            Train = Path.Combine(_folder.Root, "a.csv"),
        };
        string[] problems = Refusal(files);
        Assert.Equal(2, problems.Length);
        Assert.Contains("a.csv does not exist", problems[0]);
        Assert.StartsWith("b.xlsx: the extension '.xlsx'", problems[1]);
    }

    [Fact]
    public void A_text_of_a_megabyte_is_a_text_and_a_row_without_text_is_told()
    {
        string large = new('x', 1 << 20);
        TaskData data = Files($"text,label\n\"{large}\",1\n,0\n", "text,label\nd,1\n").Load();
        Assert.Equal(large, data.Training.Examples[0].Text);
        Assert.Contains(
            "1 row without any text, the first at line 3",
            Assert.Single(data.Warnings)
        );
    }

    [Fact]
    public void Values_in_messages_are_short_and_without_control_characters()
    {
        TableFiles files = Files(
            "text,label\na,x\nb,y\n",
            $"text,label\nd,\"\u001b[31m{new string('l', 5000)}\"\n"
        );
        string problem = Assert.Single(Refusal(files));
        Assert.Contains("'\\u001b[31mll", problem);
        Assert.True(problem.Length < 400, problem);
    }

    [Fact]
    public void Minus_one_is_a_class_among_whole_numbers_and_that_is_told()
    {
        TaskData data = Files("text,label\na,1\nb,-1\nc,0\n", "text,label\nd,-1\n").Load();
        Assert.Equal(["-1", "0", "1"], data.Task.Labels);
        Assert.Equal([2, 0, 1], data.Training.Examples.Select(e => e.Label!.Value));
        Assert.Contains(
            "the label '-1' is taken as a class; take its rows out",
            Assert.Single(data.Warnings)
        );
        Assert.Contains(
            ":3: the label is '-1', which marks a row without one",
            Assert.Single(Refusal(Files("text,label\na,x\nb,-1\nc,y\n", "text,label\nd,x\n")))
        );
    }

    [Theory]
    [InlineData("1", "1.0", "'1', '1.0' are different classes")]
    [InlineData("Good", "good", "'Good', 'good' are different classes")]
    [InlineData("not good", "notgood", "are different classes")]
    [InlineData("pos", "nan", "the label 'nan' is taken as a class")]
    [InlineData("pos", "NaN", "the label 'NaN' is taken as a class")]
    public void Labels_that_are_hardly_classes_of_their_own_are_told(
        string one,
        string other,
        string expected
    )
    {
        TaskData data = Files($"text,label\na,{one}\nb,{other}\n", $"text,label\nc,{other}\n")
            .Load();
        Assert.Equal(2, data.Task.Labels.Count);
        Assert.Contains(expected, Assert.Single(data.Warnings));
    }

    [Fact]
    public void A_label_written_otherwise_in_the_test_file_is_refused_with_the_one_that_may_be_meant()
    {
        TableFiles files = Files("text,label\na,1\nb,0\n", "text,label\nd,1.0\ne, 0 \n");
        Assert.Equal(
            [
                $"{files.Test}:2: the label '1.0' is none of custom's: '0', '1'; write it '1' if that is meant.",
            ],
            Refusal(files)
        );
    }

    [Theory]
    [InlineData("3,5", true)]
    [InlineData("1,000", true)]
    [InlineData("1_000", false)]
    [InlineData("1e400", false)]
    [InlineData("nan", false)]
    [InlineData("0x1F", false)]
    [InlineData("５", false)]
    public void A_score_that_is_no_plain_number_is_refused_and_a_comma_gets_the_remedy(
        string score,
        bool comma
    )
    {
        TableFiles files = Files($"text,label\na,\"{score}\"\nb,2\nc,3\n", "text,label\nd,1\n") with
        {
            IsRegression = true,
        };
        string problem = Assert.Single(Refusal(files));
        Assert.Contains($":2: the score '{score}' is not a finite number", problem);
        Assert.Equal(comma, problem.Contains("with a point", StringComparison.Ordinal));
    }

    [Fact]
    public void Repeated_texts_are_counted_within_a_file_and_between_files()
    {
        TaskData data = Files(
                "text,label\na,x\nb,y\na,x\na,y\nc,x\n",
                "text,label\nd,x\nd,y\nb,x\n"
            )
            .Load();
        Assert.Equal(
            [
                "2 of 5 examples repeat a text that stands before them",
                "1 of 3 examples repeat a text that stands before them",
                "1 of 3 test examples also stand in the training file",
            ],
            data.Warnings.Select(w =>
                w[(w.IndexOf(": ", StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..]
                    .Split(';')[0]
            )
        );
    }

    [Fact]
    public void A_JSON_array_of_objects_is_read_as_its_lines_would_be()
    {
        string array = _folder.Write(
            "a.json",
            " [{\"text\":\"a\",\"label\":\"x\"},\n\n{\"label\":\"y\",\n\"text\":\"b\"}]\n"
        );
        TaskData data = (Files("", "text,label\nc,x\n") with { Train = array }).Load();
        Assert.Equal(
            [new Example("a", null, 0), new Example("b", null, 1)],
            data.Training.Examples
        );
        string broken = _folder.Write(
            "b.json",
            "[{\"text\":\"a\",\"label\":\"x\"},\n{\"text\":\"b\"}] 5"
        );
        string[] problems = Refusal(Files("", "text,label\nc,x\n") with { Train = broken });
        Assert.Contains(":2: no 'label'", problems[0]);
        Assert.Contains("not valid JSON", problems[1]);
    }

    TableFiles Files(string train, string test) =>
        new(_folder.Write("test.csv", test), "text", "label")
        {
            Train = _folder.Write("train.csv", train),
        };

    static string[] Refusal(TableFiles files) =>
        Assert.Throws<InvalidDataException>(() => files.Load()).Message.Split('\n');
}
