using Espalier.Cli;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;
using Espalier.Tests.House;

namespace Espalier.Tests.Hub;

public sealed class HubPageTests : IAsyncLifetime
{
    HubPlace _place = null!;

    public async ValueTask InitializeAsync() => _place = await HubPlace.Make();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public void The_commands_of_the_page_work_with_a_hub_that_has_what_they_name()
    {
        string folder = _place.Toys.Bert("sent"),
            texts = _place.Write("reviews.txt", "good\nbad\n");
        _place.Variables["HF_TOKEN"] = FakeHub.Token;
        ParquetFile.Write(
            _place["glue/mrpc/test-00000-of-00001.parquet"],
            9,
            ("sentence1", new[] { "a", "b" }),
            ("sentence2", new[] { "a", "c" }),
            ("label", new long[] { 1, 0 })
        );
        _place.Hub.Add("datasets/nyu-mll/glue", _place["glue"]);
        _place.Hub.Add("distilbert/distilbert-base-uncased-finetuned-sst-2-english", folder);
        _place.Hub.Add("my-name/my-model", folder).Revisions.Add("v2");
        string[] lines =
        [
            .. Checkout
                .Read("docs/hub.md")
                .Text.Split("```")[1]
                .Split('\n')
                .Where(l => l.StartsWith("espalier ", StringComparison.Ordinal)),
        ];
        Assert.Equal(4, lines.Length);
        foreach (string line in lines)
        {
            string[] args =
            [
                .. line.Split(' ')[1..]
                    .Select(word =>
                        word == "reviews.txt" ? texts
                        : word.StartsWith("runs/", StringComparison.Ordinal) ? folder
                        : word
                    ),
            ];
            Outcome outcome = CommandLine.Run(args, [], _place.Variables);
            if (args[0] == "evaluate")
            {
                // The model and the data came; this one has three classes.
                outcome.Refuses(ExitCode.Refused, "mrpc");
            }
            else
            {
                outcome.Succeeds();
            }
        }

        Assert.True(_place.Hub.Count("GET", "mrpc/test-00000-of-00001.parquet") > 0);
    }
}
