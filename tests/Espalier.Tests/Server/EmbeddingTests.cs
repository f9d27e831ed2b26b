using System.ClientModel;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Server.Batching;
using Espalier.Tensors;
using Espalier.Text;
using OpenAI;
using OpenAI.Embeddings;

namespace Espalier.Tests.Server;

[Trait("tier", "golden")]
public sealed class EmbeddingTests
{
    static readonly string[] Texts = ["the good", "bad", "good . the bad 1 2 3"];

    /// <summary>The mean of a text's states, in plain loops, of length 1.</summary>
    static float[] Expected(Classifier encoder, string text)
    {
        TokenIds ids = encoder.Encode(text);
        double[] sum = new double[encoder.Config.Hidden];
        Batch batch = new()
        {
            Ids = ids.Ids,
            TypeIds = ids.TypeIds,
            Starts = [0, ids.Ids.Length],
        };
        encoder.Session.RunAllExits(
            batch,
            new Tensor(1, encoder.Config.ExitCount * encoder.Config.Outputs),
            (layer, states) =>
            {
                for (int i = 0; layer == encoder.Config.Layers.Count - 1 && i < states.Count; i++)
                {
                    sum[i % sum.Length] += states.Span[i];
                }
            }
        );
        double length = Math.Sqrt(sum.Sum(x => x * x));
        return [.. sum.Select(x => (float)(x / length))];
    }

    [Fact]
    public async Task OpenAIs_client_gets_means_of_states_of_length_1_from_an_encoder_that_labels_nothing()
    {
        await using Serving serving = await Serving.Start(others: s =>
            [new ServedClassifier("bare", Classifier.LoadEncoder(s.BareFolder))]
        );
        using Classifier direct = Classifier.LoadEncoder(serving.BareFolder);
        EmbeddingClient client = new OpenAIClient(
            new ApiKeyCredential("any"),
            new OpenAIClientOptions { Endpoint = new Uri(serving.Address, "v1") }
        ).GetEmbeddingClient("bare");

        OpenAIEmbeddingCollection vectors = await client.GenerateEmbeddingsAsync(
            Texts,
            cancellationToken: Serving.Stop
        );

        Assert.Equal(Texts.Sum(t => direct.Encode(t).Ids.Length), vectors.Usage.InputTokenCount);
        JsonElement embed = await serving.Ask("/embed", new { model = "bare", inputs = Texts });
        for (int i = 0; i < Texts.Length; i++)
        {
            float[] expected = Expected(direct, Texts[i]),
                given = vectors[i].ToFloats().ToArray();
            Assert.Equal(expected.Length, given.Length);
            for (int d = 0; d < expected.Length; d++)
            {
                Assert.Equal(expected[d], given[d], 1e-5f);
            }

            Assert.Equal(given, embed[i].EnumerateArray().Select(x => x.GetSingle()));
        }

        Assert.Contains(
            "labels nothing",
            await serving.Refused(400, "/v1/classify", new { model = "bare", input = "good" })
        );
        Assert.Contains(
            "'dimensions' is 7",
            await serving.Refused(
                400,
                "/v1/embeddings",
                new
                {
                    model = "bare",
                    input = "good",
                    dimensions = 7,
                }
            )
        );
    }

    [Fact]
    public async Task Token_ids_are_read_as_they_are_and_a_vector_does_not_depend_on_its_company()
    {
        await using Serving serving = await Serving.Start();
        using Classifier direct = Classifier.LoadEncoder(serving.ClassifierFolder);
        JsonElement text = await serving.Ask("/v1/embeddings", new { input = "the good" });
        JsonElement ids = await serving.Ask(
            "/v1/embeddings",
            new { input = new int[][] { direct.Encode("bad").Ids, direct.Encode("the good").Ids } }
        );
        Assert.Equal(
            text.GetProperty("data")[0].GetProperty("embedding").GetRawText(),
            ids.GetProperty("data")[1].GetProperty("embedding").GetRawText()
        );
        Assert.Contains(
            "each id below",
            await serving.Refused(400, "/v1/embeddings", new { input = new[] { 1, 999999 } })
        );
    }

    [Theory]
    [InlineData("/embed")]
    [InlineData("/v1/embeddings")]
    public async Task A_model_that_drops_tokens_has_labels_and_no_vectors_and_says_so(string path)
    {
        await using Serving serving = await Serving.Start(others: s =>
            [new ServedClassifier("short", Classifier.Load(s.DroppingFolder))]
        );
        using HttpResponseMessage refused = await serving.Post(
            path,
            new
            {
                model = "short",
                inputs = Texts,
                input = Texts,
            }
        );
        string said = await refused.Content.ReadAsStringAsync(Serving.Stop);
        Assert.True((int)refused.StatusCode == 400, $"{(int)refused.StatusCode}: {said}");
        Assert.Contains("short drops tokens on the way", said);
        Assert.DoesNotContain(serving.DroppingFolder, said);
        JsonElement labels = await serving.Ask(
            "/v1/classify",
            new { model = "short", input = Texts }
        );
        Assert.Equal(Texts.Length, labels.GetProperty("data").GetArrayLength());
        Assert.Empty(serving.Told);
    }
}
