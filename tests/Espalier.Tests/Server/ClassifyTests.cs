using System.Text;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Models;

namespace Espalier.Tests.Server;

[Trait("tier", "golden")]
public sealed class ClassifyTests
{
    static readonly string[] Texts =
    [
        "good",
        "bad",
        "the good the bad",
        "",
        "a b c d e f g h",
        "the bad . good 1 2 3",
    ];

    static readonly string[] Efforts =
    [
        "full",
        "confidence:0.6",
        "entropy:0.9",
        "patience:1",
        "exit:1",
    ];

    [Fact]
    public async Task Predict_has_the_form_of_Text_Embeddings_Inference()
    {
        await using Serving serving = await Serving.Start();
        using Classifier direct = Classifier.Load(serving.ClassifierFolder);
        Prediction expected = direct.Predict("the good");

        JsonElement one = await serving.Ask("/predict", new { inputs = "the good" });

        Assert.Equal(3, one.GetArrayLength());
        Assert.Equal(expected.Label, one[0].GetProperty("label").GetString());
        Assert.Equal(
            expected.Probabilities.OrderDescending(),
            one.EnumerateArray().Select(c => c.GetProperty("score").GetSingle())
        );

        JsonElement pair = await serving.Ask(
            "/predict",
            new { inputs = new[] { "good", "bad" }, raw_scores = true }
        );
        Assert.Equal(
            direct.Predict("good", "bad").Logits.OrderDescending(),
            pair.EnumerateArray().Select(c => c.GetProperty("score").GetSingle())
        );

        JsonElement list = await serving.Ask(
            "/predict",
            new { inputs = new string[][] { ["good"], ["good", "bad"] } }
        );
        Assert.Equal(2, list.GetArrayLength());
        Assert.Equal(
            direct.Predict("good", "bad").Probability,
            list[1][0].GetProperty("score").GetSingle()
        );
    }

    [Fact]
    public async Task Texts_of_many_clients_and_efforts_are_answered_together_and_bit_for_bit_as_alone()
    {
        await using Serving serving = await Serving.Start();
        using Classifier direct = Classifier.Load(serving.ClassifierFolder);
        (string Text, string Effort)[] asked =
        [
            .. Enumerable
                .Range(0, 240)
                .Select(i => (Texts[i % Texts.Length], Efforts[i / 7 % Efforts.Length])),
        ];

        JsonElement[] answers = await Task.WhenAll(
            asked.Select(a =>
                serving.Ask(
                    "/v1/classify",
                    new
                    {
                        model = "toy",
                        input = a.Text,
                        effort = a.Effort,
                    }
                )
            )
        );

        for (int i = 0; i < asked.Length; i++)
        {
            Prediction expected = direct.Predict(
                asked[i].Text,
                effort: Effort.Parse(asked[i].Effort)
            );
            JsonElement text = answers[i].GetProperty("data")[0];
            Assert.Equal(
                expected.Probabilities,
                text.GetProperty("probs").EnumerateArray().Select(p => p.GetSingle())
            );
            Assert.Equal(expected.Label, text.GetProperty("label").GetString());
            Assert.Equal(expected.Exit + 1, text.GetProperty("exit").GetInt32());
            Assert.Equal(asked[i].Effort, text.GetProperty("effort").GetString());
        }

        string metrics = await serving.Metrics();
        Assert.Contains("espalier_exits_total{model=\"toy\",exit=\"1\"}", metrics);
        Assert.Contains(
            "espalier_requests_total{route=\"/v1/classify\",status=\"200\"} 240\n",
            metrics
        );
        Assert.Contains("espalier_queue_seconds_count{model=\"toy\"} 240\n", metrics);
        Assert.Contains("# TYPE espalier_joules_total counter", metrics);
    }

    [Fact]
    public async Task A_list_of_texts_and_pairs_is_answered_in_its_order_with_its_tokens()
    {
        await using Serving serving = await Serving.Start();
        using Classifier direct = Classifier.Load(serving.ClassifierFolder);

        JsonElement answer = await serving.Ask(
            "/v1/classify",
            new { input = new object[] { "good", new[] { "good", "bad" }, "bad" } }
        );

        Assert.Equal("toy", answer.GetProperty("model").GetString());
        Prediction[] expected =
        [
            direct.Predict("good"),
            direct.Predict("good", "bad"),
            direct.Predict("bad"),
        ];
        Assert.Equal(
            expected.Select(e => e.Probabilities[0]),
            answer
                .GetProperty("data")
                .EnumerateArray()
                .Select(d => d.GetProperty("probs")[0].GetSingle())
        );
        int tokens =
            direct.Encode("good").Ids.Length
            + direct.Encode("good", "bad").Ids.Length
            + direct.Encode("bad").Ids.Length;
        Assert.Equal(tokens, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Theory]
    [InlineData("{\"input\": 3}", 400, "'input' is 3; a list of texts")]
    [InlineData("{\"input\": []}", 400, "0 texts")]
    [InlineData("{}", 400, "'input' is missing")]
    [InlineData(
        "{\"input\": \"a\", \"model\": \"../../etc/passwd\"}",
        404,
        "no model '../../etc/passwd'"
    )]
    [InlineData(
        "{\"input\": \"a\", \"model\": \"writer\"}",
        400,
        "writer is not a model that labels"
    )]
    [InlineData("{\"input\": \"a\", \"effort\": \"some\"}", 400, "'some' is no effort")]
    [InlineData("{\"input\": \"a\", \"input\": \"b\"}", 400, "not valid JSON")]
    [InlineData("{\"input\": \"\\ud800\"}", 400, "The request")]
    [InlineData("{\"input\": \"a\"", 400, "not valid JSON")]
    [InlineData("[1]", 400, "an object was expected")]
    [InlineData("", 400, "not valid JSON")]
    public async Task What_cannot_be_is_refused_in_one_sentence(
        string body,
        int status,
        string expected
    )
    {
        await using Serving serving = await Serving.Start();
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await serving.Http.PostAsync(
            "/v1/classify",
            content,
            Serving.Stop
        );
        string text = await response.Content.ReadAsStringAsync(Serving.Stop);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(
            expected,
            JsonDocument
                .Parse(text)
                .RootElement.GetProperty("error")
                .GetProperty("message")
                .GetString()
        );
        Assert.Empty(serving.Told);
    }

    [Fact]
    public async Task Requests_that_are_too_large_are_413_and_those_that_are_not_json_415()
    {
        await using Serving serving = await Serving.Start();
        Assert.Contains(
            "larger than 4 MB",
            await serving.Refused(413, "/v1/classify", new { input = new string('a', 5_000_000) })
        );
        Assert.Contains(
            "200 texts",
            await serving.Refused(
                413,
                "/v1/classify",
                new { input = Enumerable.Repeat("a", 200).ToArray() }
            )
        );
        string cut = string.Concat(Enumerable.Repeat("good ", 100));
        Assert.Contains(
            "reads at most",
            await serving.Refused(413, "/v1/classify", new { input = cut, truncate = false })
        );
        await serving.Ask("/v1/classify", new { input = cut });
        using StringContent plain = new("{\"inputs\":\"a\"}", Encoding.UTF8, "text/plain");
        using HttpResponseMessage response = await serving.Http.PostAsync(
            "/predict",
            plain,
            Serving.Stop
        );
        Assert.Equal(415, (int)response.StatusCode);

        // The form of errors that clients of this path read.
        JsonElement error = JsonDocument
            .Parse(await response.Content.ReadAsStringAsync(Serving.Stop))
            .RootElement;
        Assert.Contains("text/plain", error.GetProperty("error").GetString());
        Assert.Equal("validation", error.GetProperty("error_type").GetString());
    }
}
