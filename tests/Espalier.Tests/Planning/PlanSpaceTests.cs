using Espalier.Models;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;

namespace Espalier.Tests.Planning;

public sealed class PlanSpaceTests
{
    static readonly IReadOnlyList<Effort> Efforts = PlanSpace.Efforts(regression: false);

    /// <summary>As many layers, heads and neurons as MiniLM has.</summary>
    internal static ModelConfig SixLayers { get; } =
        Toy.Model.Config with
        {
            Layers = [.. Enumerable.Repeat(Block.Bert(12, 32, 1536), 6)],
        };

    [Fact]
    public void Orders_of_operators_by_default_are_those_of_a_study_of_all_orders()
    {
        string[] ends = ["", "L", "Q", "LQ"];
        string[] study =
        [
            .. PipelineSet.Of("", "DEP", [1, 2, 3], ends).Select(p => $"{p}"),
            "O",
            "L",
            "Q",
            "LQ",
        ];
        PlanSpace space = PlanSpace.Of(new FineTune(), SixLayers, Efforts, true, true);
        Assert.Equal(
            study.Order(StringComparer.Ordinal),
            space.Pipelines.Order(StringComparer.Ordinal)
        );
        Assert.Equal(["O", "D", "E", "P", "L", "Q"], space.Start.OrderBy("ODEPLQ".IndexOf));
        Assert.Equal(12, Trainings.Of(space.Pipelines).Count);
    }

    [Fact]
    public void The_space_with_options_holds_the_pipelines_of_the_defaults()
    {
        PlanSpace all = PlanSpace.Of(new FineTune(), SixLayers, Efforts, false, false),
            defaults = PlanSpace.Of(new FineTune(), SixLayers, Efforts, true, false);
        Assert.Empty(defaults.Pipelines.Except(all.Pipelines));

        // D out or at 3 depths, P out or at 3 × 3 places, E, L and Q or not.
        Assert.Equal(4 * 10 * 8, all.Pipelines.Count);
        Assert.Equal(all.Pipelines.Count, all.Pipelines.Distinct().Count());
        Assert.Equal(
            [
                "D",
                "D(layers=0.34)",
                "D(layers=0.67)",
                "E",
                "L",
                "O",
                "P",
                "P(heads=0.34,ffn=0.25)",
                "P(heads=1.0,ffn=0.75)",
                "Q",
            ],
            all.Start.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_language_model_is_searched_over_what_can_be_done_to_it()
    {
        ModelConfig writer = SixLayers with
        {
            Head = new LanguageSpec(Tied: true),
            Layers =
            [
                .. SixLayers.Layers.Select(l =>
                    l with
                    {
                        Attention = l.Attention with { HeadsPerKey = 2 },
                    }
                ),
            ],
        };
        PlanSpace space = PlanSpace.Of(new AsDownloaded(), writer, Efforts, false, false);
        Operator[] used = [.. space.Pipelines.SelectMany(p => Pipeline.Parse(p).Steps).Distinct()];
        Assert.All(used, o => Assert.Null(o.Problem(writer)));
        Assert.All(
            (string[])["D", "P", "P(newton)", "Q", "Q(bits=4)", "Q(gptq)", "Q(awq)"],
            o => Assert.Contains(o, used.Select(u => $"{u}"))
        );
        Assert.All(
            (string[])["O(downloaded)Q", "O(downloaded)Q(bits=4)", "O(downloaded)Q(gptq)"],
            p => Assert.Contains(p, space.Start)
        );

        // Two heads share a key: 4 or 8 of 12 leave one of each, and count once beside three widths.
        Assert.Equal(2 * 3, used.OfType<Prune>().Count());
        PlanSpace few = PlanSpace.Of(new AsDownloaded(), writer, Efforts, true, false);
        Assert.Empty(few.Pipelines.Except(space.Pipelines));
    }

    [Fact]
    public void Options_that_make_the_same_model_count_once()
    {
        ModelConfig two = SixLayers with { Layers = [.. SixLayers.Layers.Take(2)] };
        PlanSpace space = PlanSpace.Of(new FineTune(), two, Efforts, false, false);
        Assert.Equal(["D"], space.Start.Where(p => p.StartsWith('D')));
    }

    [Fact]
    public void All_pipelines_begin_with_the_original_that_was_asked_for()
    {
        PlanSpace space = PlanSpace.Of(
            new FineTune { Pool = HeadPooling.Mean },
            SixLayers,
            Efforts,
            true,
            true
        );
        Assert.All(space.Pipelines, p => Assert.StartsWith("O(pool=mean)", p));
        Assert.Contains("O(pool=mean)EDPLQ", space.Pipelines);
        Assert.Equal("O(pool=mean)", space.Start[0]);
    }

    [Fact]
    public void An_operator_that_never_stands_alone_is_known_from_the_shortest_pipeline_that_has_it()
    {
        string[] pipelines = ["O", "D", "DELQ", "DL"];
        PlanSpace space = PlanSpace.Of([
            .. pipelines.Select(p => new MadeUpStudy(1).Measure(p, Effort.Full, 1)),
        ]);
        Assert.Equal(["O", "D", "DL", "DELQ"], space.Start);
    }

    [Fact]
    public void Models_are_counted_once_however_many_pipelines_begin_with_them()
    {
        Assert.Equal(
            ["D", "DE", "DEP", "O"],
            Trainings.Of(["DEPLQ", "DEPL", "DE", "LQ"]).Order(StringComparer.Ordinal)
        );
        Assert.True(Trainings.Begins("DEPL", "DE"));
        Assert.False(Trainings.Begins("DEPL", "E"));
        Assert.True(Trainings.Begins("DEPL", "O"));
    }
}
