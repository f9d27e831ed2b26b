using System.Text.Json;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Server.Batching;
using Espalier.Text;

namespace Espalier.Server.Api;

/// <summary>Texts labelled: <c>/predict</c> as Text Embeddings Inference has it, and <c>/v1/classify</c>, which says more of each text.</summary>
sealed class Predicting(IReadOnlyList<ServedModel> models, Naming naming)
{
    public const string Path = "/predict";

    const string Does = "labels texts";

    /// <summary>The classes of a text, the likeliest first; of a list of texts, a list of such lists.</summary>
    public async Task Predict(Call call)
    {
        JsonFields fields = await RequestBody.Read(call.Context, call.Left);
        JsonElement inputs = fields.Required(
            "inputs",
            "a text, a pair of texts, or a list of them"
        );
        bool pair = RequestBody.IsTexts(inputs, 1) || RequestBody.IsTexts(inputs, 2),
            single = pair || inputs.ValueKind == JsonValueKind.String;
        IReadOnlyList<(string, string?)> texts =
            pair
                ?
                [
                    (
                        inputs[0].GetString()!,
                        inputs.GetArrayLength() > 1 ? inputs[1].GetString() : null
                    ),
                ]
            : single ? [(fields.String("inputs"), null)]
            : fields.TextsAndPairs("inputs");
        bool raw = fields.OptionalFlag("raw_scores") ?? false;
        ServedClassifier model = fields.Model<ServedClassifier>(models, Does);
        Classified[] answers = await Answer(call, model, fields, texts);

        // The form has no place for these.
        IHeaders(call)["x-espalier-effort"] = string.Join(
            ",",
            answers.Select(a => $"{a.Effort}").Distinct()
        );
        IHeaders(call)["x-espalier-exits"] = string.Join(
            ",",
            answers.Select(a => a.Prediction.Exit + 1)
        );
        IReadOnlyList<Scored>[] scored =
        [
            .. answers.Select(a => Classes(model.Model, a.Prediction, raw)),
        ];
        await (
            single
                ? call.Answer(scored[0], Wire.Default.IReadOnlyListScored)
                : call.Answer(scored, Wire.Default.IReadOnlyListIReadOnlyListScored)
        );
        model.Control?.Note(call.Elapsed);
    }

    /// <summary>Each text with its label, probabilities, exit and effort.</summary>
    public async Task Classify(Call call)
    {
        JsonFields fields = await RequestBody.Read(call.Context, call.Left);
        IReadOnlyList<(string, string?)> texts =
            fields.Required("input", "a text or a list of texts").ValueKind == JsonValueKind.String
                ? [(fields.String("input"), null)]
                : fields.TextsAndPairs("input");
        ServedClassifier model = fields.Model<ServedClassifier>(models, Does);
        Classified[] answers = await Answer(call, model, fields, texts);
        ModelConfig config = model.Model.Config;
        await call.Answer(
            new Classification(
                naming.Next("classify"),
                naming.Now,
                model.Name,
                [
                    .. answers.Select(
                        (a, i) =>
                            new ClassifiedText(
                                i,
                                a.Prediction.Label,
                                a.Prediction.Score,
                                a.Prediction.Probabilities,
                                config.Outputs,
                                a.Prediction.Exit + 1,
                                config.Layers.Count,
                                $"{a.Effort}"
                            )
                    ),
                ],
                new Usage(answers.Sum(a => a.Tokens), 0)
            ),
            Wire.Default.Classification
        );
        model.Control?.Note(call.Elapsed);
    }

    static Microsoft.AspNetCore.Http.IHeaderDictionary IHeaders(Call call) =>
        call.Context.Response.Headers;

    static Task<Classified[]> Answer(
        Call call,
        ServedClassifier served,
        JsonFields fields,
        IReadOnlyList<(string Text, string? Pair)> texts
    )
    {
        RequestBody.CheckCount(texts.Count);
        Classifier model = served.Model;
        if (!model.IsFineTuned)
        {
            throw new Refusal(
                400,
                $"{served.Name} was not fine-tuned and labels nothing; POST /v1/embeddings asks it for vectors."
            );
        }

        Effort? effort = fields.Effort();
        if (effort is { Rule: not ExitRule.Never } && !model.Config.HasExits)
        {
            throw new Refusal(
                400,
                $"{served.Name} has no early exits, so effort {effort} cannot be; leave it out."
            );
        }

        if (texts.Any(t => t.Pair is not null))
        {
            model.CheckPairs();
        }

        bool cuts = fields.OptionalFlag("truncate") ?? true;
        ClassifyJob[] jobs = new ClassifyJob[texts.Count];
        for (int i = 0; i < jobs.Length; i++)
        {
            TokenIds text = cuts
                ? model.Encode(texts[i].Text, texts[i].Pair)
                : model.Tokenizer.EncodeIds(texts[i].Text, texts[i].Pair);
            if (text.Ids.Length > model.MaxLength)
            {
                throw new Refusal(
                    413,
                    $"Text {i + 1} has {text.Ids.Length} tokens, and {served.Name} reads at most {model.MaxLength}; shorten it, or leave \"truncate\": false out."
                );
            }

            jobs[i] = new ClassifyJob(text, effort) { Arrived = call.Began, Left = call.Left };
        }

        return served.Answer(jobs).WaitAsync(call.Left);
    }

    static Scored[] Classes(Classifier model, Prediction answer, bool raw)
    {
        IReadOnlyList<float> scores =
            raw || answer.Label is null ? answer.Logits : answer.Probabilities;
        return
        [
            .. scores
                .Select(
                    (score, i) =>
                        new Scored(score, i < model.Labels.Count ? model.Labels[i] : $"LABEL_{i}")
                )
                .OrderByDescending(s => s.Score),
        ];
    }
}
