using System.Globalization;
using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Data;

[Trait("tier", "golden")]
public sealed class ParquetTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static readonly string[] Texts = ["good", "bad", "so \"so\", ü\n", "", "fine"];

    TableFiles Files(string name = "a.parquet") =>
        new(_folder[name], "text", "label") { Train = _folder[name] };

    [Fact]
    public void A_file_says_the_same_as_a_table_of_the_same_rows()
    {
        ParquetFile.Write(
            _folder["a.parquet"],
            2,
            ("text", Texts),
            ("label", new long[] { 1, 0, 1, 0, 1 })
        );
        _folder.Write(
            "a.csv",
            "text,label\ngood,1\nbad,0\n\"so \"\"so\"\", ü\n\",1\n\"\",0\nfine,1\n"
        );
        TaskData parquet = Files().Load(),
            table = Files("a.csv").Load();
        Assert.Equal(table.ContentHash(), parquet.ContentHash());
        Assert.Equal(5, parquet.Test.Count);
        Assert.Contains(
            "1 row without any text, the first at line 4",
            string.Join('\n', parquet.Warnings)
        );
    }

    [Fact]
    public void Scores_and_truth_values_are_read_as_they_are_written()
    {
        ParquetFile.Write(
            _folder["a.parquet"],
            9,
            ("text", Texts),
            ("label", new[] { 3.8f, 0f, 1e-7f, -2.5f, 5f }),
            ("flag", new[] { true, false, true, true, false })
        );
        TaskData scores = (Files() with { IsRegression = true }).Load();
        Assert.Equal(
            [3.8, 0, 1e-7, -2.5, 5],
            scores.Test.Examples.Select(e =>
                double.Parse($"{e.Score:R}", NumberStyles.Float, CultureInfo.InvariantCulture)
            )
        );
        TaskData flags = (Files() with { Label = "flag" }).Load();
        Assert.Equal(["false", "true"], flags.Task.Labels);
    }

    [Fact]
    public void Rows_without_a_label_are_refused_as_in_a_table()
    {
        ParquetFile.Write(
            _folder["a.parquet"],
            2,
            ("text", Texts),
            ("label", new long?[] { 1, 0, null, 0, 1 })
        );
        Assert.Contains(
            "a.parquet:3: the label is ''",
            Assert.Throws<InvalidDataException>(() => Files().Load()).Message
        );
        ParquetFile.Write(
            _folder["b.parquet"],
            2,
            ("text", Texts),
            ("label", new long[] { 1, 0, 1, 0, 1 })
        );
        ParquetFile.Write(
            _folder["c.parquet"],
            2,
            ("text", Texts),
            ("label", new long[] { 1, 0, -1, 0, -1 })
        );
        string[] sentences = Assert
            .Throws<InvalidDataException>(() =>
                (Files("b.parquet") with { Test = _folder["c.parquet"] }).Load()
            )
            .Message.Split('\n');
        Assert.Equal(2, sentences.Length);
        Assert.Contains(
            "c.parquet:3: the label is '-1', which marks a row without one",
            sentences[0]
        );
    }

    [Fact]
    public void Columns_that_are_not_there_are_told_with_those_that_are()
    {
        ParquetFile.Write(
            _folder["a.parquet"],
            2,
            ("sentence", Texts),
            ("label", new long[] { 1, 0, 1, 0, 1 })
        );
        Assert.Contains(
            "no column 'text'; the columns are 'sentence', 'label'",
            Assert.Throws<InvalidDataException>(() => Files().Load()).Message
        );
    }

    /// <summary>Written by another library: tools/goldens/parquet.mjs.</summary>
    [Theory]
    [InlineData("snappy")]
    [InlineData("zstd")]
    public void What_Arrow_wrote_is_read_but_for_lists_and_records(string compression)
    {
        string path = Golden.Own("hub", compression + ".parquet");
        TableFiles files = new(path, "sentence", "score") { Train = path, IsRegression = true };
        IReadOnlyList<Example> read = files.Load().Training.Examples;
        Assert.Equal(250, read.Count);
        Assert.All(
            read.Select((e, i) => (e, i)),
            row =>
                Assert.Equal(
                    (
                        row.i % 50 == 7
                            ? ""
                            : $"text {row.i % 30} with “quotes”, a tab\tand an end\n",
                        row.i / 8.0
                    ),
                    (row.e.Text, row.e.Score)
                )
        );
        Assert.Contains(
            $"{compression}.parquet:250: the label is '-1'",
            Assert
                .Throws<InvalidDataException>(() =>
                    (
                        files with
                        {
                            Label = "label",
                            IsRegression = false,
                            Labels = ["0", "1", "2"],
                        }
                    ).Load()
                )
                .Message
        );
        foreach (string nested in (string[])["words", "answers"])
        {
            Assert.Contains(
                $"column '{nested}' holds lists or records",
                Assert
                    .Throws<InvalidDataException>(() => (files with { Text = nested }).Load())
                    .Message
            );
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_wherever_it_is_damaged()
    {
        ParquetFile.Write(
            _folder["whole.parquet"],
            2,
            ("text", Texts),
            ("label", new long[] { 1, 0, 1, 0, 1 })
        );
        byte[] whole = File.ReadAllBytes(_folder["whole.parquet"]);
        _folder.Write("a.parquet", whole[..(whole.Length / 2)]);
        Assert.Contains(
            "a.parquet: no Parquet file that can be read",
            Assert.Throws<InvalidDataException>(() => Files().Load()).Message
        );
        string right = Files("whole.parquet").Load().ContentHash();
        int refused = 0;
        for (int at = 4; at < whole.Length; at += 7)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            _folder.Write("a.parquet", damaged);
            try
            {
                // Parquet has no sums over texts: what still reads may be another text, and is no crash.
                _ = Files().Load().ContentHash() == right;
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0);
    }

    /// <summary>A data set as the hub has MRPC, and one as GLUE hands it out.</summary>
    [Fact]
    public void GLUE_in_Parquet_is_the_GLUE_of_its_own_files()
    {
        string[] first = [.. Enumerable.Range(0, 12).Select(i => $"the first text {i}")],
            second = [.. Enumerable.Range(0, 12).Select(i => $"the second text {i}")];
        long[] labels = [.. Enumerable.Range(0, 12).Select(i => (long)(i % 2))];
        foreach (string split in (string[])["train", "validation", "test"])
        {
            ParquetFile.Write(
                _folder[$"hub/{split}-00000-of-00001.parquet"],
                5,
                ("sentence1", first),
                ("sentence2", second),
                ("label", split == "test" ? [.. labels.Select(_ => -1L)] : labels)
            );
        }

        Directory.CreateDirectory(_folder["own"]);
        string table =
            "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
            + string.Concat(labels.Select((l, i) => $"{l}\t{i}\t{i}\t{first[i]}\t{second[i]}\n"));
        _folder.Write("own/train.tsv", table);
        _folder.Write("own/dev.tsv", table);

        TaskData hub = Tasks.Load("mrpc", _folder["hub"]),
            own = Tasks.Load("mrpc", _folder["own"]);

        Assert.Equal(own.ContentHash(), hub.ContentHash());
        Assert.Null(hub.Validation);
        Assert.Equal(12, hub.Test.Count);
    }

    [Fact]
    public void Running_text_is_its_rows_one_behind_the_other()
    {
        string[] rows = ["", " = Title = \n", "", " A line . \n", ""];
        ParquetFile.Write(_folder["wiki/test-00000-of-00001.parquet"], 2, ("text", rows));
        TaskData data = Tasks.Load("wikitext2", _folder["wiki"]);
        Assert.Equal(" \n = Title = \n \n A line . \n \n", data.Test.Examples.Single().Text);
        Assert.Equal(
            data.Test.Examples.Single().Text,
            TextCorpus.Read(_folder["wiki/test-00000-of-00001.parquet"]).Text
        );
    }
}
