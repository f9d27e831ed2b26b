using Espalier.Analysis.Choosing;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Tests.Analysis.Search;

/// <summary>Hybrids of language models, predicted from what Wallace et al. (2025, arXiv 2502.00046) measured of single methods.</summary>
public sealed class HybridForecastTests
{
    static readonly string[] Blocks =
    [
        "gpt2 wikitext2",
        "gpt2 c4",
        "gpt2 lambada",
        "gpt2-large wikitext2",
        "gpt2-large c4",
        "gpt2-large lambada",
    ];

    /// <summary>Of each block: what was measured, and what is predicted of all that has more operators than these.</summary>
    static IEnumerable<(string Pipeline, Estimate Predicted, double Measured)> Of(int known)
    {
        foreach (string block in Blocks)
        {
            IReadOnlyList<Measurement> all = Published.WallaceMeasured(block);
            ILookup<bool, Measurement> split = all.ToLookup(m =>
                Steps(m.Pipeline) <= known
                && !(known == 2 && m.Pipeline.Contains('Q') && Steps(m.Pipeline) == 2)
            );
            Contender[] hybrids =
            [
                .. split[false]
                    .Where(m => Steps(m.Pipeline) > known)
                    .Select(m => new Contender(m.Pipeline, Effort.Full)),
            ];
            foreach (Alternative a in new Surface([.. split[true]], hybrids).Predict(hybrids))
            {
                yield return (
                    a.Pipeline,
                    a.Quality,
                    all.Single(m => m.Pipeline == a.Pipeline).Primary.Value!.Value
                );
            }
        }
    }

    static int Steps(string pipeline) => Pipeline.Parse(pipeline).Steps.Count();

    static double Width(Estimate e) => Math.Log(e.High!.Value / e.Low!.Value);

    [Fact]
    public void Single_methods_predict_hybrids_within_their_intervals_which_say_something()
    {
        var all = Of(known: 1).ToArray();
        Assert.Equal(6 * 12, all.Length);
        var missed = all.Where(h => h.Measured < h.Predicted.Low || h.Measured > h.Predicted.High)
            .ToArray();
        Assert.True(
            missed.Length <= 0.1 * all.Length,
            string.Join("; ", missed.Select(h => $"{h.Pipeline}: {h.Measured} for {h.Predicted}"))
        );
        double[] widths = [.. all.Select(h => Width(h.Predicted)).Order()];
        Assert.InRange(widths[widths.Length / 2], 0.05, 0.9);
    }

    [Fact]
    public void Distilled_and_pruned_is_known_less_well_than_either_of_them_quantized()
    {
        var all = Of(known: 1).ToArray();
        double together = all.Where(h => Findings.Letters(h.Pipeline) == "DP")
                .Average(h => Width(h.Predicted)),
            quantized = all.Where(h => Findings.Letters(h.Pipeline) is "DQ" or "PQ")
                .Average(h => Width(h.Predicted));
        Assert.True(together > 1.3 * quantized, $"{together} and {quantized}");
    }

    [Fact]
    public void Once_the_compound_is_measured_its_quantized_forms_are_predicted_within_five_percent()
    {
        Assert.All(
            Of(known: 2),
            h =>
                Assert.True(
                    Math.Abs(Math.Log(h.Predicted.Value / h.Measured)) < 0.05,
                    $"{h.Pipeline}: {h.Measured} for {h.Predicted}"
                )
        );
    }
}
