using Espalier.Data;

namespace Espalier.Tests.Data;

public sealed class HeldOutTests
{
    [Fact]
    public void A_tenth_of_each_class_is_held_out_and_nothing_is_lost_or_shared()
    {
        TaskData data = Tasks.Load("banking77");
        HeldOut held = data.HoldOut();
        Assert.Equal(data.Training.Count, held.Training.Count + held.Tuning.Count);
        HashSet<string> tuned = [.. held.Tuning.Examples.Select(e => e.Text)];
        Assert.DoesNotContain(held.Training.Examples, e => tuned.Contains(e.Text));
        for (int label = 0; label < 77; label++)
        {
            int all = data.Training.Examples.Count(e => e.Label == label);
            int tenth = held.Tuning.Examples.Count(e => e.Label == label);
            Assert.True(
                Math.Abs(tenth - all / 10.0) <= 1,
                $"class {label}: {tenth} of {all} are held out"
            );
        }
    }

    [Fact]
    public void The_tenth_is_the_same_every_time()
    {
        HeldOut held = Tasks.Load("sentiment").HoldOut();
        // The hash was computed apart from this code, with Philox and the rules of HeldOut in Python:
        // 1,153 negative and 1,247 positive sentences, of which a tenth each.
        Assert.Equal(240, held.Tuning.Count);
        Assert.Equal(125, held.Tuning.Examples.Count(e => e.Label == 1));
        Assert.Equal(
            "636308ace355520ea25dd2ef13bbb2fb034260d43d7a424c3b7e078b976060cc",
            held.Tuning.ContentHash()
        );
    }

    [Fact]
    public void Equal_texts_stay_on_one_side()
    {
        Example[] examples =
        [
            .. Enumerable.Range(0, 400).Select(i => new Example($"text {i % 200}", null, i % 2)),
        ];
        HeldOut held = HoldOut(examples, ["a", "b"]);
        HashSet<string> tuned = [.. held.Tuning.Examples.Select(e => e.Text)];
        Assert.Equal(40, held.Tuning.Count);
        Assert.Equal(20, tuned.Count);
        Assert.DoesNotContain(held.Training.Examples, e => tuned.Contains(e.Text));
    }

    [Fact]
    public void A_class_of_one_example_stays_in_training_and_a_class_of_two_gives_one()
    {
        Example[] examples = [new("only", null, 0), new("one", null, 1), new("two", null, 1)];
        HeldOut held = HoldOut(examples, ["a", "b"]);
        Assert.Equal([1], held.Tuning.Examples.Select(e => e.Label!.Value));
        Assert.Equal([0, 1], held.Training.Examples.Select(e => e.Label!.Value));
        Assert.Contains(
            "give a validation split",
            Assert.Throws<InvalidDataException>(() => HoldOut(examples[..2], ["a", "b"])).Message
        );
    }

    [Fact]
    public void The_tenth_of_a_regression_covers_the_scores_from_low_to_high()
    {
        Example[] examples =
        [
            .. Enumerable.Range(0, 200).Select(i => new Example($"{i}", null, Score: i * 37 % 200)),
        ];
        HeldOut held = HoldOut(examples, []);
        int[] perTenth =
        [
            .. held.Tuning.Examples.GroupBy(e => (int)(e.Score!.Value / 20)).Select(g => g.Count()),
        ];
        Assert.Equal(Enumerable.Repeat(2, 10), perTenth);
    }

    [Fact]
    public void A_task_with_a_validation_split_holds_nothing_out()
    {
        Split train = new("train", [new Example("a", null, 0)]);
        Split validation = new("dev", [new Example("b", null, 1)]);
        TaskData data = new(Tasks.Find("sst2"), train, validation, validation);
        Assert.Equal(new HeldOut(train, validation), data.HoldOut());
    }

    static HeldOut HoldOut(Example[] examples, string[] labels)
    {
        TaskDefinition task = Tasks.Find("sentiment") with
        {
            Kind = labels.Length > 0 ? new Labelled(labels) : new Scored(),
        };
        Split split = new("train", examples);
        return new TaskData(task, split, null, split).HoldOut();
    }
}
