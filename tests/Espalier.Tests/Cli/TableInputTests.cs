using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>Texts that stand in columns and arrays: never taken for lines.</summary>
public sealed class TableInputTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    string[] Logits(string file, params string[] more) =>
        [
            .. CommandLine
                .Run(["predict", file, "-m", Model, "--json", .. more])
                .Succeeds()
                .JsonLines.Select(j => j.GetProperty("logits").GetRawText()),
        ];

    string Model => field ??= _toys.Bert();

    string[] Expected =>
        Logits(_toys.Write("lines.jsonl", "{\"text\":\"the good man\"}\n{\"text\":\"bad, a\"}\n"));

    [Theory]
    [InlineData("r.csv", "id,review,label\n1,the good man,pos\n2,\"bad, a\",neg\n", "review")]
    [InlineData("r.CSV", "review\r\nthe good man\r\n\"bad, a\"\r\n", "review")]
    [InlineData("r.tsv", "label\treview\npos\tthe good man\n\nneg\tbad, a\n", "review")]
    [InlineData("r.jsonl", "{\"review\":\"the good man\"}\n{\"review\":\"bad, a\"}", "review")]
    [InlineData("r.json", "[{\"review\":\"the good man\"},\n {\"review\":\"bad, a\"}]", "review")]
    [InlineData("t.json", "[{\"text\":\"the good man\"},{\"text\":\"bad, a\"}]", null)]
    [InlineData("s.json", "\n[\n\"the good man\",\n\"bad, a\"\n]\n", null)]
    [InlineData("l.json", "{\"text\":\"the good man\"}\n{\"text\":\"bad, a\"}\n", null)]
    public void A_file_that_has_columns_or_fields_is_read_by_them(
        string name,
        string content,
        string? text
    ) =>
        Assert.Equal(
            Expected,
            Logits(_toys.Write(name, content), text is null ? [] : ["--text", text])
        );

    [Fact]
    public void Pairs_come_from_two_columns()
    {
        string table = _toys.Write("pairs.csv", "a,b\nthe man,good\n"),
            line = _toys.Write("pair.jsonl", "{\"text\":\"the man\",\"text_pair\":\"good\"}");
        Assert.Equal(Logits(line), Logits(table, "--text", "a", "--text-pair", "b"));
    }

    [Theory]
    [InlineData("predict")]
    [InlineData("tokenize")]
    public void A_table_without_a_column_named_asks_for_one_of_its_own(string command)
    {
        string file = _toys.Write("reviews.csv", "text,label\nthe good man,pos\n");
        CommandLine
            .Run(command, file, "-m", Model)
            .Refuses(ExitCode.Usage, "is a table", "--text", "'text', 'label'");
        CommandLine
            .Run(command, file, "-m", Model, "--text", "review")
            .Refuses(ExitCode.Refused, "no column 'review'; the columns are 'text', 'label'");
    }

    [Theory]
    [InlineData("a.json", "[1]", "the array holds a number")]
    [InlineData("a.json", "[[\"a\"]]", "the array holds an array")]
    [InlineData("a.json", "[\"a\",\n{\"label\":1}]", "line 2: the object has no field 'text'")]
    [InlineData("a.json", "[\"a\",", "not valid JSON")]
    [InlineData("a.json", "[\"a\"] x", "not valid JSON")]
    [InlineData("a.json", "[\"\\ud800\"]", "half a surrogate pair")]
    [InlineData("a.jsonl", "[{\"text\":\"a\"}]", "an array")]
    [InlineData("a.jsonl", "a text\n", "not valid JSON")]
    [InlineData("a.txt", "[{\"text\":\"a\"}]", "a JSON array begins here")]
    [InlineData("a.txt", "[\n{\"text\":\"a\"}\n]", "a JSON array begins here")]
    public void What_is_neither_texts_nor_objects_is_refused_by_its_line(
        string name,
        string content,
        string expected
    ) =>
        CommandLine
            .Run("predict", _toys.Write(name, content), "-m", Model)
            .Refuses(ExitCode.Refused, name, "line", expected);

    [Fact]
    public void A_text_in_brackets_is_a_text() =>
        Assert.Single(
            CommandLine.Run(["predict", "-m", Model], "[laughs] good\n").Succeeds().Lines
        );

    [Fact]
    public void Columns_of_what_has_none_are_refused()
    {
        CommandLine
            .Run(["predict", "-m", Model, "--text", "review"], "good\n")
            .Refuses(ExitCode.Refused, "leave out --text");
        CommandLine
            .Run(["predict", "-m", Model, "--text-pair", "b"], "good\n")
            .Refuses(ExitCode.Usage, "--text-pair needs --text");
    }
}
