using System.Text;
using System.Text.Json;
using Espalier.Analysis;
using Espalier.Measuring;
using Espalier.Tests.Goldens;
using Espalier.Tests.Measuring;

namespace Espalier.Tests.Analysis;

public sealed class MeasurementFilesTests
{
    /// <summary>The file was written by version 1 and is never written anew.</summary>
    [Fact]
    public void Records_of_the_first_version_are_read_for_ever()
    {
        IReadOnlyList<Measurement> all = MeasurementFiles.Read(
            Path.Combine(
                Repository.Root,
                "tests/Espalier.Tests/Goldens/published/measurements-1.json"
            )
        );
        Assert.Equal(["E", "E", "EP"], all.Select(m => m.Pipeline));
        Assert.Equal(["confidence:0.9", "full", "full"], all.Select(m => $"{m.Effort}"));
        Assert.Equal(0.81, all[2].Metrics[0].Value);
        Assert.Equal(7.5, all[2].MillisecondsPerExample!.Value);
    }

    [Fact]
    public void Records_are_found_in_lists_lines_and_folders()
    {
        using ScratchFolder folder = new();
        string one = Json(Records.Of("P", 0.8, 5)),
            two = Json(Records.Of("Q", 0.8, 5));
        folder.Write("a/b.measurements.jsonl", $"{one}\n{two}\n\n");
        folder.Write("run.json", "{\"stages\":[{\"curve\":[" + one + "]}],\"key\":1}");
        folder.Write("a/config.json", "{}");
        Assert.Equal(
            ["P", "Q"],
            MeasurementFiles.Read(folder["a/b.measurements.jsonl"]).Select(m => m.Pipeline)
        );
        Assert.Equal(["P"], MeasurementFiles.Read(folder["run.json"]).Select(m => m.Pipeline));
        Assert.Equal(
            ["P", "Q", "P"],
            MeasurementFiles.ReadAll(folder.Root).Select(m => m.Pipeline)
        );
    }

    [Fact]
    public void A_folder_without_records_is_refused_in_a_sentence()
    {
        using ScratchFolder folder = new();
        folder.Write("model/config.json", "{}");
        Assert.Contains(
            "neither run.json nor measurements.json is in it",
            Assert.Throws<InvalidDataException>(() => MeasurementFiles.ReadAll(folder.Root)).Message
        );
    }

    [Theory]
    [InlineData("{\"a\":1}", "there is no measurement")]
    [InlineData("{\"a\":", "line 1")]
    [InlineData(
        "[{\"pipeline\":\"P\",\"effort\":\"full\",\"metrics\":[]}]",
        "[0]: no measurement of version"
    )]
    public void A_file_that_holds_none_is_refused_in_a_sentence(string content, string says)
    {
        using ScratchFolder folder = new();
        string path = folder["x.json"];
        folder.Write("x.json", content);
        string message = Assert
            .Throws<InvalidDataException>(() => MeasurementFiles.Read(path))
            .Message;
        Assert.Contains(says, message);
        Assert.StartsWith(path, message);
    }

    static string Json(Measurement measurement)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            measurement.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
