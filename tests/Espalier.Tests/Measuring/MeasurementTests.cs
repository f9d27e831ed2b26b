using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Measuring;

public sealed class MeasurementTests
{
    [Fact]
    public void A_measurement_comes_back_from_json_as_it_was()
    {
        string json = Written(Full());
        Measurement back = Measurement.Read("m.json", JsonDocument.Parse(json).RootElement);
        Assert.Equal(json, Written(back));
        Assert.Equal(Full().Effort, back.Effort);
        Assert.Equal(Full().Metrics, back.Metrics);
        Assert.Equal(Full().MillisecondsPerExample, back.MillisecondsPerExample);
        Assert.Equal(Full().JoulesPerExample, back.JoulesPerExample);
        Assert.Equal(Full().PeakMemory, back.PeakMemory);
        Assert.Equal(Full().Machine, back.Machine);
        Assert.Equal(Full().Seeds, back.Seeds);
        Assert.Equal(Full().Absent, back.Absent);
    }

    [Fact]
    public void The_json_has_the_documented_names()
    {
        JsonNode json = JsonNode.Parse(Written(Full()))!;
        Assert.Equal(2, (int)json["version"]!);
        JsonNode figures = json["figures"]!;
        Assert.Equal("confidence:0.9", (string)json["effort"]!);
        Assert.Equal(1.25, (double)figures["milliseconds_per_example"]!["value"]!);
        Assert.Equal("measured", (string)figures["milliseconds_per_example"]!["origin"]!);
        Assert.Equal("modelled", (string)figures["joules_per_example"]!["origin"]!);
        Assert.Equal(["ms", "example"], Said("milliseconds_per_example"));
        Assert.Equal(["B", "model"], Said("packed_bytes"));
        Assert.Equal(["layers", "example"], Said("average_layers"));
        Assert.Equal(408, (int)figures["average_layers"]!["n"]!);
        Assert.Null(figures["peak_memory"]!["high"]);
        Assert.Equal(ulong.MaxValue, (ulong)json["seeds"]![1]!);
        Assert.Equal("all labels are class 1", (string)json["metrics"]![1]!["why_undefined"]!);
        Assert.Null(json["metrics"]![1]!["value"]);
        Assert.Null(figures["disk_bytes"]);
        Assert.Equal("disk_bytes", (string)json["absent"]![0]!["figure"]!);
        Assert.Equal("AMD EPYC", (string)json["machine"]!["processor"]!);

        string[] Said(string figure) =>
            [(string)figures[figure]!["unit"]!, (string)figures[figure]!["per"]!];
    }

    /// <summary>As measurements stand in the shipped studies and in last year's runs.</summary>
    [Fact]
    public void A_record_of_version_1_is_read_to_the_same_figures()
    {
        Measurement old = Measurement.Read(
            "m.json",
            JsonDocument
                .Parse(
                    """
                    {"version":1,"pipeline":"PL","stage":"L","task":"mrpc","split":"test","effort":"full","seeds":[3],
                     "examples":408,"metrics":[{"metric":"accuracy","value":0.8,"low":0.75,"high":0.84,"n":408,
                     "why_undefined":null}],"average_layers":2.5,"average_multiply_adds":1.5e8,"batch_size":1,
                     "timed_examples":100,"milliseconds_per_example":{"n":9,"origin":"measured","value":1.25,"low":1.2,
                     "high":1.3,"coverage":0.9609375},"core_seconds_per_example":{"n":9,"origin":"measured",
                     "value":0.0025,"low":0.002,"high":0.003,"coverage":null},"joules_per_example":{"n":9,
                     "origin":"modelled","value":0.01375,"low":0.006,"high":0.02,"coverage":null},
                     "energy_source":"core-seconds","disk_bytes":null,"packed_bytes":1048576,
                     "peak_memory":{"bytes":500,"before":300,"scope":"process"},"machine":MACHINE,
                     "absent":[{"figure":"disk_bytes","why":"the model was not saved"}]}
                    """.Replace(
                        "MACHINE",
                        JsonNode.Parse(Written(Full()))!["machine"]!.ToJsonString()
                    )
                )
                .RootElement
        );
        Assert.Equal(
            (
                2,
                Full().MillisecondsPerExample,
                Full().JoulesPerExample,
                (long?)1048576,
                (long?)null
            ),
            (
                old.Version,
                old.MillisecondsPerExample,
                old.JoulesPerExample,
                old.PackedBytes,
                old.DiskBytes
            )
        );
        Assert.Equal((2.5, 1.5e8), (old.AverageLayers, old.AverageMultiplyAdds));
        Assert.Equal(new PeakMemory(500, 300, PeakScope.Process), old.PeakMemory);
        Assert.Equal(408, old.Figures[Figure.Layers].N);
        Assert.Null(old.SpeedUp);
        string again = Written(old);
        Assert.Equal(
            again,
            Written(Measurement.Read("again", JsonDocument.Parse(again).RootElement))
        );
    }

    [Fact]
    public void A_figure_that_has_no_property_is_kept_by_its_name()
    {
        Figure first = new(Per.Request, "ms", 180, 150, 210, 40, Origin.Measured, 0.95),
            token = new(Per.Token, "J", 0.4, null, null, 900, Origin.Modelled);
        Measurement back = Measurement.Read(
            "m.json",
            JsonDocument
                .Parse(
                    Written(
                        Full() with
                        {
                            Figures = Full()
                                .Figures.SetItem("milliseconds_to_first_token", first)
                                .SetItem("joules_per_token", token),
                        }
                    )
                )
                .RootElement
        );
        Assert.Equal(first, back.Figures["milliseconds_to_first_token"]);
        Assert.Equal(token.Estimate, back.Estimate("joules_per_token"));
        Assert.Equal(Full().MillisecondsPerExample, back.MillisecondsPerExample);
    }

    [Fact]
    public void A_figure_without_value_and_reason_is_not_written()
    {
        Assert.Contains("disk_bytes is null", Unwritable(Full() with { Absent = [] }));
        Assert.Contains("is explained", Unwritable(Full() with { DiskBytes = 5 }));
        Assert.Throws<ArgumentException>(() => Full() with { AverageLayers = double.NaN });
        Assert.Contains("no source", Unwritable(Full() with { EnergySource = null }));
        Quality nan = new("f1", double.NaN, null, null, 3, null);
        Assert.Contains("f1 is NaN", Unwritable(Full() with { Metrics = [nan] }));

        static string Unwritable(Measurement m) =>
            Assert.Throws<ArgumentException>(() => Written(m)).Message;
    }

    [Theory]
    [InlineData("\"version\":2", "\"version\":3", "no measurement of version 1 or 2")]
    [InlineData("\"task\":\"mrpc\",", "", "task")]
    [InlineData("\"task\":\"mrpc\"", "\"task\":null", "task")]
    [InlineData("\"task\":\"mrpc\"", "\"task\":\"mrpc\",\"tusk\":1", "tusk")]
    [InlineData("confidence:0.9", "confidence:9", "'confidence:9' is no effort")]
    [InlineData("\"value\":1.25", "\"value\":1e999", "m.json")]
    [InlineData("\"value\":1.25", "\"value\":null", "m.json")]
    [InlineData("\"examples\":408", "\"examples\":\"many\"", "$.examples")]
    [InlineData("\"figure\":\"disk_bytes\"", "\"figure\":\"other\"", "disk_bytes is null")]
    public void Json_that_is_no_measurement_is_refused_in_one_sentence(
        string from,
        string to,
        string says
    )
    {
        string json = Written(Full());
        Assert.Contains(from, json);
        using JsonDocument document = JsonDocument.Parse(json.Replace(from, to));
        string message = Assert
            .Throws<InvalidDataException>(() => Measurement.Read("m.json", document.RootElement))
            .Message;
        Assert.StartsWith("m.json", message);
        Assert.Contains(says, message);
        Assert.DoesNotContain("\n", message);
    }

    [Fact]
    public void A_timing_fills_the_figures_of_time_and_energy()
    {
        Estimate time = new(2, 1, 3, 6, Origin.Measured),
            cores = new(0.004, 0.003, 0.005, 6, Origin.Measured),
            joules = new(0.022, 0.01, 0.03, 6, Origin.Modelled);
        Measurement m = Full().With(new SplitTiming("x", Set, time, cores, joules), "constants");
        Assert.Equal(Set, m.Timed);
        Assert.Equal(
            (200, time, cores, joules, "constants"),
            (
                m.TimedExamples,
                m.MillisecondsPerExample,
                m.CoreSecondsPerExample,
                m.JoulesPerExample,
                m.EnergySource
            )
        );
    }

    [Fact]
    public void A_record_from_before_sittings_and_timed_sets_is_still_read()
    {
        JsonNode json = JsonNode.Parse(Written(Full()))!;
        foreach (string later in (string[])["sitting", "sitting_load", "timed"])
        {
            json.AsObject().Remove(later);
        }

        json["metrics"]![0]!.AsObject().Remove("covers");
        Measurement old = Measurement.Read(
            "m.json",
            JsonDocument.Parse(json.ToJsonString()).RootElement
        );
        Assert.Equal(
            (null, null, null, null),
            (old.Sitting, old.SittingLoad, old.Timed, old.SpeedUp)
        );
        Assert.Equal(100, old.TimedExamples);
        Assert.Contains("not the seed", old.Metrics[0].Covers);
        Assert.Null(old.Metrics[1].Covers);
    }

    [Fact]
    public void A_time_on_examples_that_are_not_like_their_split_is_refused()
    {
        Measurement Timed(TimedSet set) => Full() with { Timed = set };
        Assert.Contains("\"split_tokens\":20", Written(Timed(Set)));
        Assert.Contains("19.50 tokens", Refusal(Timed(Set with { Tokens = 19.5 })));
        Assert.Contains("2.600 layers", Refusal(Timed(Set with { Layers = 2.6 })));
        Assert.Contains("NaN", Refusal(Timed(Set with { Layers = double.NaN })));
        Assert.Contains("32 of 600", Refusal(Timed(Set with { Examples = 32 })));
        Assert.Null((Set with { Examples = 32, Alike = true }).Problem());
        Assert.Null((Set with { Examples = 90, SplitExamples = 90 }).Problem());

        static string Refusal(Measurement m) =>
            Assert.Throws<ArgumentException>(() => Written(m)).Message;
    }

    static TimedSet Set { get; } =
        new(200, 600, false, 10, 5, 19.9, 20, 2.49, 2.5, 19.7, 2.4, 1.3, "noise");

    static string Written(Measurement measurement)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            measurement.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static Measurement Full() =>
        new()
        {
            Pipeline = "DEP(heads=8)",
            Stage = "P(heads=8)",
            Task = "mrpc",
            Split = "test",
            Effort = Effort.Parse("confidence:0.9"),
            Seeds = [1, ulong.MaxValue],
            Examples = 408,
            Metrics =
            [
                new Quality("accuracy", 0.8, 0.75, 0.84, 408, null),
                new Quality("matthews", null, null, null, 408, "all labels are class 1"),
            ],
            AverageLayers = 2.5,
            AverageMultiplyAdds = 1.5e8,
            BatchSize = 1,
            TimedExamples = 100,
            MillisecondsPerExample = new Estimate(1.25, 1.2, 1.3, 9, Origin.Measured)
            {
                Coverage = 0.9609375,
            },
            CoreSecondsPerExample = new Estimate(0.0025, 0.002, 0.003, 9, Origin.Measured),
            JoulesPerExample = new Estimate(0.01375, 0.006, 0.02, 9, Origin.Modelled),
            EnergySource = "core-seconds × 5.5 W",
            PackedBytes = 1 << 20,
            PeakMemory = new PeakMemory(3L << 32, null, PeakScope.Work),
            Machine = Machine.Here(KernelFamily.Best, 2) with { Processor = "AMD EPYC" },
            Absent = [new AbsentFigure("disk_bytes", "the model was not saved")],
        };
}
