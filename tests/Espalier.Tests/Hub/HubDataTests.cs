using Espalier.Cli;
using Espalier.Data;
using Espalier.Hub;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;

namespace Espalier.Tests.Hub;

public sealed class HubDataTests : IAsyncLifetime
{
    const string Shard = "-00000-of-00001.parquet";

    HubPlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await HubPlace.Make();
        foreach (string split in (string[])["train", "validation", "test"])
        {
            string[] texts = [.. Enumerable.Range(0, 8).Select(i => $"good {split} {i}")];
            long[] labels = [.. Enumerable.Range(0, 8).Select(i => split == "test" ? -1L : i % 2)];
            foreach (string task in (string[])["sst2", "cola"])
            {
                ParquetFile.Write(
                    _place[$"glue/{task}/{split}{Shard}"],
                    3,
                    ("sentence", texts),
                    ("label", labels)
                );
            }
        }

        ParquetFile.Write(
            _place[$"wikitext/wikitext-2-raw-v1/test{Shard}"],
            3,
            ("text", new[] { "", " = A = \n" })
        );
        _place.Hub.Add("datasets/nyu-mll/glue", _place["glue"]);
        _place.Hub.Add("datasets/Salesforce/wikitext", _place["wikitext"]);
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public void A_task_of_GLUE_comes_from_the_hub_by_name_and_alone()
    {
        TaskData data = Tasks.Load("sst2", "nyu-mll/glue", _place.Client());
        Assert.Equal((8, 8), (data.Training.Count, data.Test.Count));
        Assert.Equal("good validation 0", data.Test.Examples[0].Text);
        Assert.DoesNotContain(_place.Hub.Asked, a => a.Path.Contains("/cola/"));
        int asked = _place.Hub.Asked.Count;
        Tasks.Load("sst2", "hf://datasets/nyu-mll/glue/sst2", _place.Client());
        Assert.Equal(asked, _place.Hub.Asked.Count);
        _place.Variables["HF_HUB_OFFLINE"] = "1";
        Tasks.Load("sst2", "nyu-mll/glue", _place.Client());
        Assert.Contains(
            "HF_HUB_OFFLINE",
            Assert
                .Throws<InvalidDataException>(() =>
                    Tasks.Load("cola", "nyu-mll/glue@v2", _place.Client())
                )
                .Message
        );
    }

    [Fact]
    public void WikiText_comes_from_the_hub_by_name()
    {
        TaskData data = Tasks.Load("wikitext2", "Salesforce/wikitext", _place.Client());
        Assert.Equal(" \n = A = \n", data.Test.Examples.Single().Text);
    }

    [Fact]
    public void A_data_set_without_the_tasks_files_says_what_it_has()
    {
        Assert.Contains(
            "no file of mrpc/ in it is one of the task's; it has ",
            Assert
                .Throws<InvalidDataException>(() =>
                    Tasks.Load("mrpc", "nyu-mll/glue", _place.Client())
                )
                .Message
        );
        Assert.Throws<HubException>(() => Tasks.Load("mrpc", "no/such", _place.Client()));
    }

    [Fact]
    public void A_folder_of_that_name_wins()
    {
        string folder = _place["glue/sst2"];
        Tasks.Load("sst2", folder, _place.Client());
        Assert.Empty(_place.Hub.Asked);
    }

    [Fact]
    public void Commands_take_data_from_the_hub()
    {
        string[] model = ["-m", _place.Toys.Named("0", "1", "2")];
        string place = "hf://datasets/nyu-mll/glue/sst2/";
        Outcome own = CommandLine.Run(
            [
                "evaluate",
                .. model,
                "--test",
                $"{place}validation{Shard}",
                "--text",
                "sentence",
                "--label",
                "label",
                "--format",
                "json",
            ],
            [],
            _place.Variables
        );
        own.Succeeds();
        CommandLine
            .Run(
                [
                    "evaluate",
                    .. model,
                    "--test",
                    $"{place}none{Shard}",
                    "--text",
                    "sentence",
                    "--label",
                    "label",
                ],
                [],
                _place.Variables
            )
            .Refuses(ExitCode.Refused, "has no file 'sst2/none");
        CommandLine
            .Run(["evaluate", .. model, "-t", "sst2", "--data", "no/such"], [], _place.Variables)
            .Refuses(ExitCode.Unavailable, "no such data set");
        Assert.Equal(
            Path.Combine(
                _place.Cache,
                "datasets--nyu-mll--glue/snapshots",
                FakeRepository.Commit,
                "cola"
            ),
            CommandLine
                .Run(["hub", "download", "hf://datasets/nyu-mll/glue/cola"], [], _place.Variables)
                .Succeeds()
                .Lines[^1]
        );
    }
}
