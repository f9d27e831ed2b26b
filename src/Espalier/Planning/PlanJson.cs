using System.Text.Json;
using Espalier.Analysis.Choosing;
using Espalier.Checkpoints;
using Espalier.Measuring;

namespace Espalier.Planning;

/// <summary>A result as plan.json; docs/plan-json.md describes it.</summary>
public static class PlanJson
{
    public const string FileName = "plan.json";

    /// <summary>Grows when a field changes its meaning or goes away.</summary>
    public const int Version = 2;

    const double Mega = 1e6;

    public static byte[] Of(PlanResult result, PlanFacts facts) =>
        JsonOutput.Document(json => Write(json, result, facts), readable: true);

    static void Write(Utf8JsonWriter json, PlanResult result, PlanFacts facts)
    {
        Measurement one = result.Measurements[0];
        json.WriteNumber("version", Version);
        json.WriteString("task", one.Task);
        json.WriteString("metric", one.Primary.Metric);
        json.WriteString("split", one.Split);
        json.WriteNumber("examples", one.Examples);
        json.Array("seeds", result.Seeds, json.WriteNumberValue);
        json.WriteNumber("batch", one.BatchSize);
        Budget budget = result.Budget;
        json.Object(
            "budget",
            () =>
            {
                json.OptionalNumber("max_ms", budget.MaxMilliseconds);
                json.OptionalNumber("min_quality", budget.MinQuality);
                json.OptionalNumber("max_joules", budget.MaxJoules);
                json.OptionalNumber("max_mb", budget.MaxBytes / Mega);
                json.WriteString("wish", budget.Preferred.ToString().ToLowerInvariant());
            }
        );
        json.Object("answer", () => Answer(json, result, facts));
        json.Array("confirmed", result.Confirmed, json.WriteStringValue);
        json.WriteBoolean("settled", result.Decision.Settled);
        json.WriteNumber("probability_beaten", result.Decision.ProbabilityBeaten);
        json.OptionalNumber("expected_loss", result.Decision.ExpectedLoss);
        json.WriteNumber("margin", result.Decision.Margin);
        json.Objects(
            "rounds",
            result.Rounds,
            round =>
            {
                json.Array("pipelines", round.Pipelines, json.WriteStringValue);
                json.WriteString("why", round.Why);
            }
        );
        json.Objects(
            "failures",
            result.Failures,
            failure =>
            {
                json.WriteString("pipeline", failure.Pipeline);
                json.WriteString("why", failure.Why);
            }
        );
        json.Objects("rejected", result.Rejected(), rejected => Rejected(json, rejected));
        json.Object("effort_of_search", () => Effort(json, result, facts));
        if (facts.BestOfAll is { } best)
        {
            json.Object(
                "best_of_all",
                () =>
                {
                    Alternative(json, best);
                    json.OptionalNumber("answer_is_short_by", result.Short(best));
                }
            );
        }
    }

    static void Answer(Utf8JsonWriter json, PlanResult result, PlanFacts facts)
    {
        json.WriteBoolean("meets_budget", result.MeetsBudget);
        Alternative(json, result.Chosen);
        json.WriteString("model", facts.Model);
        json.WriteString("sentence", result.Decision.Answer.Sentence);
        json.WriteString("chosen_on", result.ChosenOn(facts.Tested is not null));
        Optional(json, "tested", facts.Tested, Figures);
        if (facts.Sureness is { } sureness)
        {
            json.Object(
                "expected",
                () =>
                {
                    Figures(json, sureness.Outlook.Expected);
                    json.WriteNumber("chance_kept", sureness.Outlook.ChanceKept);
                }
            );
            json.Objects(
                "standing",
                sureness.Standing,
                standing =>
                {
                    json.WriteString("pipeline", standing.Pipeline);
                    json.WriteNumber("chance_best", standing.ChanceBest);
                }
            );
            Optional(json, "runner_up", sureness.RunnerUp, Alternative);
        }

        json.WriteString("caution", PlanSureness.Caution(result));
    }

    static void Rejected(Utf8JsonWriter json, RejectedContender rejected)
    {
        json.WriteString("known_from", rejected.Origin.ToString().ToLowerInvariant());
        Alternative(json, rejected.Alternative);
        json.Objects(
            "breaks",
            rejected.Rejection.Violations,
            violation =>
            {
                json.WriteString("limit", violation.Limit);
                json.OptionalNumber(
                    "excess",
                    double.IsFinite(violation.Excess) ? violation.Excess : null
                );
                json.WriteBoolean("certain", violation.IsCertain);
            }
        );
        json.WriteString("sentence", rejected.Rejection.Sentence);
    }

    static void Effort(Utf8JsonWriter json, PlanResult result, PlanFacts facts)
    {
        var (first, further, all) = result.ModelsTrained;
        json.WriteNumber("pipelines", result.Space.Pipelines.Count);
        json.WriteNumber("pipelines_tried", result.Tried.Count);
        json.WriteNumber("models_each_seed", all);
        json.WriteNumber("models_needed_first_seed", first);
        json.WriteNumber("models_needed_further_seeds", further);
        json.OptionalNumber("models_trained_now", facts.TrainedNow);
        json.OptionalNumber("seconds_saved", facts.SecondsSaved is { } s ? Math.Round(s) : null);
    }

    static void Alternative(Utf8JsonWriter json, Alternative alternative)
    {
        json.WriteString("pipeline", alternative.Pipeline);
        json.WriteString("effort", $"{alternative.Effort}");
        Figures(json, alternative);
    }

    static void Figures(Utf8JsonWriter json, Alternative alternative)
    {
        json.Estimate("quality", alternative.Quality, withOrigin: true);
        json.Estimate("milliseconds", alternative.Milliseconds, withOrigin: true);
        json.Estimate("joules", alternative.Joules, withOrigin: true);
        json.Estimate("bytes", alternative.Bytes, withOrigin: true);
    }

    static void Optional(
        Utf8JsonWriter json,
        string name,
        Alternative? alternative,
        Action<Utf8JsonWriter, Alternative> write
    )
    {
        if (alternative is null)
        {
            json.WriteNull(name);
            return;
        }

        json.Object(name, () => write(json, alternative));
    }
}
