using Espalier.Operators;

namespace Espalier.Tests.Operators;

public sealed class PipelineTests
{
    [Theory]
    [InlineData("O", "O")]
    [InlineData("DEPLQ", "DEPLQ")]
    [InlineData("ODEPLQ", "DEPLQ")]
    [InlineData("DEP(heads=6,ffn=0.4)L Q", "DEP(heads=6,ffn=0.4)LQ")]
    [InlineData("O(pool=mean)E( pool = mean , rate=10 )", "O(pool=mean)E(pool=mean,rate=10)")]
    [InlineData("P(heads=0.67)", "P")]
    [InlineData("P(ffn=1.0)", "P(ffn=1.0)")]
    [InlineData("Q(bits=8)", "Q")]
    [InlineData("OO", "OO")]
    [InlineData("O(fine-tuned)DE", "DE")]
    [InlineData("O(downloaded)", "O(downloaded)")]
    [InlineData("O( downloaded )DEP( importance , heads=6 )", "O(downloaded)DEP(heads=6)")]
    public void A_pipeline_is_printed_as_it_is_read(string text, string printed)
    {
        Pipeline pipeline = Pipeline.Parse(text);
        Assert.Equal(printed, pipeline.ToString());
        Assert.Equal(pipeline.Operators.AsEnumerable(), Pipeline.Parse(printed).Operators);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("DXQ", "character 2: 'X' is no operator")]
    [InlineData("P(heads=6", "not closed")]
    [InlineData("P(head=6)", "no option 'head'; it has heads, ffn, scope")]
    [InlineData("P(heads=0)", "heads is '0'; a count (8) or a share (0.5) was expected")]
    [InlineData("P(ffn=1.5)", "ffn is '1.5'")]
    [InlineData("E(pool=last)", "auto or first or mean")]
    [InlineData("E(rate=nan)", "a number from 0.01 to 1000")]
    [InlineData("P(heads=6,heads=8)", "heads is given twice")]
    [InlineData("L(x=1)", "L has no option 'x'; it has none")]
    [InlineData(
        "P(l0,heads=6)",
        "P has no method 'l0'; it has importance, minitron, newton, magnitude, wanda, sparsegpt."
    )]
    [InlineData("O(download)", "it has fine-tuned, downloaded (did you mean 'downloaded'?)")]
    [InlineData(
        "E(pool)",
        "E has no method 'pool'; it has classifiers, and its option is written pool=…"
    )]
    [InlineData("O(downloaded,pool=mean)", "O(downloaded) has no option 'pool'; it has none")]
    [InlineData("P(heads=6,importance)", "P has no option 'importance'")]
    public void What_is_no_pipeline_is_refused_with_place_and_reason(string text, string reason)
    {
        string message = Assert.Throws<ArgumentException>(() => Pipeline.Parse(text)).Message;
        Assert.Contains(reason, message);
    }

    [Theory]
    [InlineData("DEPLQ", 0)]
    [InlineData("EDPQL", 0)]
    [InlineData("PD", 1)]
    [InlineData("LD", 1)]
    [InlineData("QPD", 3)]
    [InlineData("DD", 1)]
    [InlineData("DO", 1)]
    [InlineData("DV", 1)]
    [InlineData("VD", 0)]
    [InlineData("O(downloaded)VDEPLQ", 0)]
    [InlineData("DO(downloaded)", 1)]
    public void Orders_that_make_no_sense_are_named(string text, int problems) =>
        Assert.Equal(problems, Pipeline.Parse(text).Problems().Count);

    [Fact]
    public void A_letter_with_its_default_method_has_the_key_it_always_had_and_other_methods_another()
    {
        Assert.Equal("O(pool=keep)", Operator.Of('O', "fine-tuned")!.Canonical());
        Assert.Equal("O(downloaded)", Operator.Of('O', "downloaded")!.Canonical());
        Assert.Equal("L()", Operator.Of('L')!.Canonical());
        Assert.Equal(
            Operator.All.Count,
            Operator.All.Select(o => o.Canonical()).Distinct().Count()
        );
        Assert.All(Operator.All, o => Assert.Same(o, Operator.Of(o.Name)));
    }

    [Fact]
    public void An_original_is_put_before_a_pipeline_that_names_none()
    {
        Assert.Equal("O(downloaded)DE", $"{Pipeline.Parse("DE").From("downloaded")}");
        Assert.Equal("O(downloaded)DE", $"{Pipeline.Parse("O(downloaded)DE").From("downloaded")}");
        Assert.Equal("O(pool=mean)E", $"{Pipeline.Parse("O(pool=mean)E").From("fine-tuned")}");
        Assert.Contains(
            "fine-tuned or downloaded",
            Assert.Throws<ArgumentException>(() => Pipeline.Parse("D").From("raw")).Message
        );
        Assert.Contains(
            "an original of its own",
            Assert
                .Throws<ArgumentException>(() => Pipeline.Parse("O(pool=mean)E").From("downloaded"))
                .Message
        );
    }

    [Fact]
    public void Only_what_makes_a_model_by_training_is_counted_as_training()
    {
        Assert.Equal(
            "ODEP",
            string.Concat(Operator.Letters.Where(o => o.Trains).Select(o => o.Letter))
        );
    }

    [Fact]
    public void Every_option_reads_what_it_writes_and_says_what_it_expects()
    {
        foreach (Operator plain in Operator.All)
        {
            foreach (Option option in plain.Options)
            {
                Assert.Equal(plain, option.With(plain, option.Get(plain)));
                Assert.NotEmpty(option.Meaning);
                Assert.NotEmpty(option.Expected);
            }
        }
    }
}
