using Espalier.Data;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Data;

/// <summary>Real files of GLUE's tasks, whose licences keep them out of the repository: read where they lie beside it.</summary>
public sealed class SharedDataTests
{
    [Theory]
    [InlineData("mrpc", 4076, 2753, 1725, 1147)]
    [InlineData("sst2", 67349, 37569, 872, 444)]
    public void Real_files_give_every_row(
        string task,
        int train,
        int trainOnes,
        int test,
        int testOnes
    )
    {
        TaskData data = Tasks.Load(task, Folder(task));
        Assert.Equal((train, trainOnes), Counts(data.Training));
        Assert.Equal((test, testOnes), Counts(data.Test));
        Assert.Equal(train, data.HoldOut().Training.Count + data.HoldOut().Tuning.Count);
        Assert.All(data.Warnings, warning => Assert.Contains("repeat a text", warning));
    }

    [Fact]
    public void Real_QNLI_has_a_dev_set_only_and_is_evaluated_on_it()
    {
        TaskData data = Tasks.Load("qnli", Folder("qnli"));
        Assert.Null(data.Train);
        Assert.Equal((5463, 2761), Counts(data.Test));
    }

    [Fact]
    public void MRPC_read_with_CSV_quoting_is_refused_instead_of_losing_rows()
    {
        string folder = Folder("mrpc");
        TableFiles files = new(Path.Combine(folder, "test.tsv"), "#1 String", "Quality")
        {
            Train = Path.Combine(folder, "train.tsv"),
            TextPair = "#2 String",
        };
        Assert.Contains("quote", Assert.Throws<InvalidDataException>(() => files.Load()).Message);
    }

    static (int, int) Counts(Split split) => (split.Count, split.Examples.Count(e => e.Label == 1));

    static string Folder(string task)
    {
        string shared =
            Environment.GetEnvironmentVariable("ESPALIER_SHARED")
            ?? Path.Combine(Repository.Root, "..", "shared");
        string folder = Path.Combine(shared, "data", task);
        Assert.SkipUnless(
            Directory.Exists(folder),
            $"{task} is not part of the repository; set ESPALIER_SHARED to a folder that has data/{task}."
        );
        return folder;
    }
}
