using Espalier.Autograd;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Tests.Models;

namespace Espalier.Tests.Measuring;

public sealed class StoredAnswersTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(300, 2)]
    public void Exits_and_classes_come_back_at_every_effort(int classes, int width)
    {
        ExitRecord record = Record(classes);
        Effort[] efforts = [.. Efforts.Dense(record.Config, 9)];
        StoredAnswers written = Of(record, efforts);
        StoredAnswers back = StoredAnswers.Read("a", written.ToFile());
        Assert.Equal(40 * width, back.Truth.Length);
        Assert.Equal(record.Examples.Select(e => e.Label!.Value), back.TrueClasses());
        foreach (Effort effort in efforts)
        {
            EffortAnswers at = record.At(effort);
            Assert.Equal(at.Exits, back.ExitsAt("E", effort));
            Assert.Equal(at.Classes, back.ClassesAt("E", effort));
        }

        Assert.All(back.ExitsAt("E", Effort.First), exit => Assert.Equal(0, exit));
        Assert.Contains(
            "PE",
            Assert.Throws<ArgumentException>(() => back.ExitsAt("PE", Effort.Full)).Message
        );
        Assert.Contains(
            "patience:7",
            Assert
                .Throws<ArgumentException>(() => back.ExitsAt("E", Effort.Parse("patience:7")))
                .Message
        );
        Assert.Throws<ArgumentException>(() => back.NumbersAt("E", Effort.Full));
    }

    [Fact]
    public void Numbers_come_back_to_the_bit()
    {
        ExitRecord record = Record(null);
        Effort[] efforts = [.. Efforts.Dense(record.Config, 9)];
        StoredAnswers back = StoredAnswers.Read("a", Of(record, efforts).ToFile());
        Assert.Equal(
            [Effort.First, Effort.Parse("patience:1"), Effort.Parse("patience:2"), Effort.Full],
            efforts
        );
        Assert.All(
            efforts,
            e => Assert.Equal(record.At(e).Numbers, back.NumbersAt("E", e).Select(n => (double)n))
        );
        Assert.Equal(record.Examples.Select(e => (float)e.Score!), back.TrueNumbers());
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_refused_or_says_the_same()
    {
        ExitRecord record = Record(2);
        StoredAnswers answers = Of(record, [Effort.First, Effort.Full]);
        byte[] file = answers.ToFile();
        for (int at = 0; at < file.Length; at++)
        {
            byte[] flipped = [.. file];
            flipped[at] ^= 0x10;
            try
            {
                // Bytes of gzip's own header say nothing of the content.
                Assert.Equal(
                    answers.ClassesAt("E", Effort.Full),
                    StoredAnswers.Read("a", flipped).ClassesAt("E", Effort.Full)
                );
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("a: ", e.Message);
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.Throws<InvalidDataException>(() => StoredAnswers.Read("a", []));
        Assert.Throws<InvalidDataException>(() =>
            StoredAnswers.Read("a", file[..(file.Length / 2)])
        );
    }

    static StoredAnswers Of(ExitRecord record, Effort[] efforts) =>
        new()
        {
            Task = "toy",
            Split = "test",
            Seeds = [1],
            DataSha256 = "00",
            Labels = record.Config.Regression ? null : record.Config.Labels,
            Examples = record.Count,
            Truth = StoredAnswers.TruthOf(record),
            Models = [StoredAnswers.Of("E", record, efforts)],
        };

    /// <param name="classes">Null: a number.</param>
    static ExitRecord Record(int? classes)
    {
        ModelConfig config = Toy.Config with
        {
            ExitPooling = Pooling.Mean,
            Layers = [.. Enumerable.Repeat(Toy.Config.Layers[0], 4)],
            Labels = [.. Enumerable.Range(0, classes ?? 1).Select(c => $"{c}")],
            Regression = classes is null,
        };
        Rng rng = new(9);
        ulong draw = 0;
        return new ExitRecord(
            config,
            [
                .. Enumerable
                    .Range(0, 40)
                    .Select(i => new ExampleExits(
                        [
                            .. Enumerable
                                .Range(0, 4 * (classes ?? 1))
                                .Select(_ =>
                                    classes is null
                                        ? 0.004f * rng.Normal(draw++)
                                        : 2 * rng.Normal(draw++)
                                ),
                        ],
                        10,
                        classes is null ? null : rng.Below(classes.Value, draw++),
                        classes is null ? rng.Normal(draw++) : null
                    )),
            ]
        );
    }
}
