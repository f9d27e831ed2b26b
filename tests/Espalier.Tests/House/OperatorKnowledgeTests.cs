using System.Text.RegularExpressions;
using Espalier.Operators;

namespace Espalier.Tests.House;

/// <summary>
/// What is said of operators is said by them: outside their room nobody names a type of theirs, or writes a letter or a
/// pipeline. Sentences may speak of O, and examples on the command line show pipelines: they are longer texts.
/// </summary>
public sealed partial class OperatorKnowledgeTests
{
    // Texts that are spelled like a pipeline and mean something else.
    static readonly (string File, string Text)[] Others =
    [
        ("src/Espalier.Cli/Reports/Pages/Picture.cs", "'L'"), // a line, in the path of an SVG
    ];

    static readonly string Types = string.Join(
        '|',
        Operator.All.Select(o => o.GetType().Name).Distinct()
    );

    [Fact]
    public void No_operator_is_named_outside_its_room()
    {
        string[] rooms =
        [
            .. Architecture
                .Read(Checkout.Read(Architecture.FileName).Text)
                .MayUse.Where(r => r.Value.Contains("Operators"))
                .Select(r => r.Key),
        ];
        Assert.Contains("Analysis", rooms);
        TextFile[] sources =
        [
            .. Checkout.Sources("src/").Where(s => rooms.Contains(Architecture.RoomOf(s.Path))),
        ];
        Assert.NotEmpty(sources);
        Found.Nothing(sources.SelectMany(Named));
        Found.Nothing(Others.Where(o => !Checkout.Read(o.File).Text.Contains(o.Text)));
    }

    [Theory]
    [InlineData("if (o is Distill)", "Distill")]
    [InlineData("Operator o = new Quantize();", "Quantize")]
    [InlineData("Keep<EarlyExit>(TrimVocabulary.All);", "EarlyExit, TrimVocabulary")]
    [InlineData("Espalier.Operators.Prune p;", "Prune")]
    [InlineData("place.Letter == 'D'", "'D'")]
    [InlineData("Mean(runs, \"LQ\")", "\"LQ\"")]
    [InlineData("new(Pipeline.Parse(\"O\"))", "\"O\"")]
    [InlineData("text = $\"P(heads=8)Q\";", "\"P(heads=8)Q\"")]
    [InlineData("model.Traits with { DynamicLength = true }", "")]
    [InlineData("new Traits(DynamicLength: true); kernel.Quantize(x);", "")]
    [InlineData("Say($\"{faster} than O, and L pads nothing\"); // as D does", "")]
    [InlineData("'M' or \"espalier run DEPLQ\" or \"\" or \"X\"", "")]
    public void Knowledge_of_operators_is_told_from_other_words(string code, string named) =>
        Assert.Equal(named, string.Join(", ", Named(new("src/Made.cs", code)).Select(n => n.Text)));

    static IEnumerable<(string Path, string Text)> Named(TextFile source)
    {
        string code = Comment().Replace(source.Text, "");
        return Type()
            .Matches(code)
            .Select(m => m.Value)
            .Concat(
                Text()
                    .Matches(code)
                    .Where(m => Pipeline.TryParse(m.Value.Trim('\'', '"')) is not null)
                    .Select(m => m.Value)
            )
            .Select(text => (source.Path, text))
            .Where(found => !Others.Contains(found));
    }

    /// <summary>The name of an operator where it is no property, argument or method of that name.</summary>
    static Regex Type() =>
        new($@"(?<=\bOperators\.|\bnew |(?<![.\w]))({Types})\b(?!\s*(?:=(?![=>])|:))");

    [GeneratedRegex(@"^\s*//.*$|(?<=[;{}])\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("(?<![\\w'])'[A-Z]'|\"(?:[A-Z](?:\\([^\"()]*\\))?)+\"")]
    private static partial Regex Text();
}
