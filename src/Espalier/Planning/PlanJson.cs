using System.Text.Encodings.Web;
using System.Text.Json;
using Espalier.Analysis.Choosing;
using Espalier.Measuring;

namespace Espalier.Planning;

/// <summary>A result as plan.json; docs/plan-json.md describes it.</summary>
public static class PlanJson
{
    public const string FileName = "plan.json";

    /// <summary>Grows when a field changes its meaning or goes away.</summary>
    public const int Version = 2;

    const double Mega = 1e6;

    public static byte[] Of(PlanResult result, PlanFacts facts)
    {
        Measurement one = result.Measurements[0];
        using MemoryStream stream = new();
        JsonWriterOptions options = new()
        {
            Indented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (Utf8JsonWriter json = new(stream, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("task", one.Task);
            json.WriteString("metric", one.Primary.Metric);
            json.WriteString("split", one.Split);
            json.WriteNumber("examples", one.Examples);
            Array(
                json,
                "seeds",
                result.Measurements.Select(m => m.Seeds[0]).Distinct().Order(),
                json.WriteNumberValue
            );
            json.WriteNumber("batch", one.BatchSize);
            Limits(json, result.Budget);
            json.WriteStartObject("answer");
            json.WriteBoolean("meets_budget", result.MeetsBudget);
            Alternative(json, result.Chosen);
            json.WriteString("model", facts.Model);
            json.WriteString("sentence", result.Decision.Answer.Sentence);
            json.WriteString("chosen_on", result.ChosenOn(facts.Tested is not null));
            Tested(json, facts.Tested);
            Sureness(json, facts.Sureness);
            json.WriteString("caution", PlanSureness.Caution(result));
            json.WriteEndObject();
            Array(json, "confirmed", result.Confirmed, json.WriteStringValue);
            json.WriteBoolean("settled", result.Decision.Settled);
            json.WriteNumber("probability_beaten", result.Decision.ProbabilityBeaten);
            json.OptionalNumber("expected_loss", result.Decision.ExpectedLoss);
            json.WriteNumber("margin", result.Decision.Margin);
            Rounds(json, result);
            Rejected(json, result);
            Saved(json, result, facts);
            if (facts.BestOfAll is { } best)
            {
                json.WriteStartObject("best_of_all");
                Alternative(json, best);
                json.OptionalNumber("answer_is_short_by", result.Short(best));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    static void Tested(Utf8JsonWriter json, Alternative? tested)
    {
        if (tested is null)
        {
            json.WriteNull("tested");
            return;
        }

        json.WriteStartObject("tested");
        Figures(json, tested);
        json.WriteEndObject();
    }

    static void Sureness(Utf8JsonWriter json, PlanSureness? sureness)
    {
        if (sureness is null)
        {
            return;
        }

        json.WriteStartObject("expected");
        Figures(json, sureness.Outlook.Expected);
        json.WriteNumber("chance_kept", sureness.Outlook.ChanceKept);
        json.WriteEndObject();
        Array(
            json,
            "standing",
            sureness.Standing,
            standing =>
            {
                json.WriteStartObject();
                json.WriteString("pipeline", standing.Pipeline);
                json.WriteNumber("chance_best", standing.ChanceBest);
                json.WriteEndObject();
            }
        );
        if (sureness.RunnerUp is { } second)
        {
            json.WriteStartObject("runner_up");
            Alternative(json, second);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("runner_up");
        }
    }

    static void Limits(Utf8JsonWriter json, Budget budget)
    {
        json.WriteStartObject("budget");
        json.OptionalNumber("max_ms", budget.MaxMilliseconds);
        json.OptionalNumber("min_quality", budget.MinQuality);
        json.OptionalNumber("max_joules", budget.MaxJoules);
        json.OptionalNumber("max_mb", budget.MaxBytes / Mega);
        json.WriteString("wish", budget.Preferred.ToString().ToLowerInvariant());
        json.WriteEndObject();
    }

    static void Rounds(Utf8JsonWriter json, PlanResult result)
    {
        Array(
            json,
            "rounds",
            result.Rounds,
            round =>
            {
                json.WriteStartObject();
                Array(json, "pipelines", round.Pipelines, json.WriteStringValue);
                json.WriteString("why", round.Why);
                json.WriteEndObject();
            }
        );
        Array(
            json,
            "failures",
            result.Failures,
            failure =>
            {
                json.WriteStartObject();
                json.WriteString("pipeline", failure.Pipeline);
                json.WriteString("why", failure.Why);
                json.WriteEndObject();
            }
        );
    }

    static void Rejected(Utf8JsonWriter json, PlanResult result) =>
        Array(
            json,
            "rejected",
            result.Rejected(),
            rejected =>
            {
                json.WriteStartObject();
                json.WriteString(
                    "known_from",
                    rejected.Origin == Origin.Measured ? "measured" : "predicted"
                );
                Alternative(json, rejected.Alternative);
                Array(
                    json,
                    "breaks",
                    rejected.Rejection.Violations,
                    violation =>
                    {
                        json.WriteStartObject();
                        json.WriteString("limit", violation.Limit);
                        json.OptionalNumber(
                            "excess",
                            double.IsFinite(violation.Excess) ? violation.Excess : null
                        );
                        json.WriteBoolean("certain", violation.IsCertain);
                        json.WriteEndObject();
                    }
                );
                json.WriteString("sentence", rejected.Rejection.Sentence);
                json.WriteEndObject();
            }
        );

    static void Saved(Utf8JsonWriter json, PlanResult result, PlanFacts facts)
    {
        var (first, further, all) = result.ModelsTrained;
        json.WriteStartObject("effort_of_search");
        json.WriteNumber("pipelines", result.Space.Pipelines.Count);
        json.WriteNumber("pipelines_tried", result.Tried.Count);
        json.WriteNumber("models_each_seed", all);
        json.WriteNumber("models_needed_first_seed", first);
        json.WriteNumber("models_needed_further_seeds", further);
        json.OptionalNumber("models_trained_now", facts.TrainedNow);
        json.OptionalNumber("seconds_saved", facts.SecondsSaved is { } s ? Math.Round(s) : null);
        json.WriteEndObject();
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

    static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }
}
