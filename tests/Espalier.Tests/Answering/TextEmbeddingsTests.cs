using Espalier.Answering;
using Espalier.Tests.Cli;
using Espalier.Text;
using Microsoft.Extensions.AI;

namespace Espalier.Tests.Answering;

/// <summary>An encoder behind Microsoft.Extensions.AI's interface.</summary>
[Trait("tier", "golden")]
public sealed class TextEmbeddingsTests
{
    [Fact]
    public async Task Vectors_are_the_means_of_the_states_with_length_1_whatever_stands_beside_them()
    {
        using ToyModels models = new();
        using TextEmbeddings embeddings = new(
            Classifier.LoadEncoder(models.Bert(), new ClassifierOptions { Threads = 1 })
        );
        Classifier encoder = (Classifier)embeddings.GetService(typeof(Classifier))!;
        string[] texts =
        [
            .. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? "the good" : "bad ."),
        ];

        GeneratedEmbeddings<Embedding<float>> made = await embeddings.GenerateAsync(
            texts,
            null,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(texts.Length, made.Count);
        TokenIds alone = encoder.Encode(texts[1]);
        float[] mean = encoder.EmbedEncoded([alone])[0];
        double length = Math.Sqrt(mean.Sum(x => (double)x * x));
        Assert.Equal(encoder.Config.Hidden, made[39].Vector.Length);
        Assert.All(
            made[39].Vector.ToArray().Zip(mean),
            pair => Assert.Equal(pair.Second / length, pair.First, 1e-5)
        );
        Assert.Equal(texts.Sum(t => encoder.Encode(t).Ids.Length), made.Usage!.InputTokenCount);
        Assert.Equal(
            encoder.Config.Hidden,
            (
                (EmbeddingGeneratorMetadata)
                    embeddings.GetService(typeof(EmbeddingGeneratorMetadata))!
            ).DefaultModelDimensions
        );
        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() =>
            embeddings.GenerateAsync(
                texts,
                new EmbeddingGenerationOptions { Dimensions = 3 },
                TestContext.Current.CancellationToken
            )
        );
        Assert.Contains("3 dimensions", refused.Message);
    }
}
