using Espalier.Cli;
using Espalier.Cli.Reports;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Cli;

public sealed class TerminalTests
{
    static readonly string[] Headers = ["stage", "accuracy %", "ms/example", "what"];

    static readonly string[][] Rows =
    [
        ["O", "91.7 [89.2, 93.6]", "14.02 [13.94, 14.56]", "the original, fine-tuned on reviews"],
        ["DEPLQ", "88.5 [85.7, 90.8]", "0.14 [0.14, 0.15]", "everything"],
    ];

    public static TheoryData<int> Widths => [40, 60, 80, 100, 120, 160, 200];

    [Theory]
    [MemberData(nameof(Widths))]
    public void No_width_breaks_a_word_of_a_table_and_no_line_is_wider(int width)
    {
        string text = Written(width, t => t.Write(Headers, Rows));
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= width, line));
        Assert.All(
            Headers.Concat(Rows.SelectMany(r => r)).SelectMany(Parts),
            word => Assert.Contains(word, text)
        );

        // An interval is one word.
        static string[] Parts(string cell) =>
            cell.Split('[') is [var value, var interval]
                ? [value.Trim(), "[" + interval]
                : cell.Split(' ');
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_sentence_is_wrapped_at_words_and_says_the_same(int width)
    {
        string sentence = string.Join(
            ' ',
            Enumerable.Range(0, 60).Select(i => new string((char)('a' + i % 26), 1 + i % 11))
        );
        string text = Written(width, t => t.Say("  " + sentence));
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.All(lines, line => Assert.StartsWith("  ", line));
        Assert.Equal(sentence, string.Join(' ', lines.Select(l => l.Trim())));
    }

    [Fact]
    public void A_sentence_in_a_file_stays_one_line() =>
        Assert.Equal(
            [new string('a', 500) + " b"],
            Words.Wrap(new string('a', 500) + " b", int.MaxValue)
        );

    [Theory]
    [InlineData("100", 100)]
    [InlineData("7", 40)]
    [InlineData("0", null)]
    [InlineData("wide", null)]
    [InlineData("-80", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void COLUMNS_is_obeyed_where_it_is_a_width(string? text, int? expected) =>
        Assert.Equal(expected, Terminal.Columns(text));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_listing_keeps_within_the_width(int width)
    {
        foreach (
            string[] args in (string[][])
                [
                    ["operators"],
                    ["tasks"],
                    ["inspect"],
                    ["run", "--help"],
                ]
        )
        {
            using StringWriter output = new();
            Terminal terminal = new(Stream.Null, output, TextWriter.Null)
            {
                Width = width,
                TextWidth = width,
                Environment = _ => null,
            };
            Assert.Equal(
                ExitCode.Ok,
                Program.Run(args, terminal, TestContext.Current.CancellationToken)
            );
            string[] wide =
            [
                .. output
                    .ToString()
                    .Split('\n')
                    .Where(l => l.TrimEnd().Length > width && !IsWhole(l)),
            ];
            Assert.Empty(wide);
        }

        // Single words, paths and lines to copy are never broken, nor is the name of an option with its values.
        static bool IsWhole(string line) =>
            !line.Trim().Contains(' ')
            || line.Contains('/')
            || line.Contains("espalier run")
            || line.TrimStart().StartsWith("--precision <");
    }

    [Theory]
    [InlineData(0.88, 0.885, "this is no curve, but chance")]
    [InlineData(0.70, 0.885, "a bend smaller than that is chance")]
    public void A_wobble_of_one_seed_is_not_called_a_curve(double low, double high, string expected)
    {
        string? sentence = CurvePlot.WhatOneSeedTells([At(low), At((low + high) / 2), At(high)]);
        Assert.Contains(expected, sentence);
        Assert.Contains("600 examples", sentence);
    }

    static Measurement At(double accuracy) =>
        new()
        {
            Pipeline = "E",
            Stage = "E",
            Task = "toy",
            Split = "test",
            Effort = Effort.Full,
            Seeds = [1],
            Examples = 600,
            Metrics =
            [
                new Quality("accuracy", accuracy, accuracy - 0.025, accuracy + 0.025, 600, null),
            ],
            AverageLayers = 1,
            AverageMultiplyAdds = 1,
            BatchSize = 1,
            Machine = Machine.Here(Espalier.Kernels.KernelFamily.Best, 1),
        };

    static string Written(int width, Action<Terminal> write)
    {
        using StringWriter output = new();
        write(
            new Terminal(Stream.Null, output, TextWriter.Null) { Width = width, TextWidth = width }
        );
        return output.ToString();
    }
}
