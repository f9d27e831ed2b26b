using System.Numerics.Tensors;
using Espalier.Text;
using Microsoft.Extensions.AI;

namespace Espalier.Answering;

/// <summary>
/// An encoder behind the interface that .NET programs take embeddings from: of each text the mean of its tokens' last states, [D], of
/// length 1, as sentence-transformers has it (Reimers &amp; Gurevych 2019): <c>new TextEmbeddings(Classifier.LoadEncoder("…"))</c>.
/// Dispose it to dispose the model.
/// </summary>
public sealed class TextEmbeddings(Classifier encoder)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    const int AtOnce = 32;
    readonly string _name = Path.GetFileName(encoder.Folder);

    /// <exception cref="InvalidDataException">The model drops tokens on the way, or its vectors are asked for in another width than it has.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        if (options?.Dimensions is { } asked && asked != encoder.Config.Hidden)
        {
            throw new InvalidDataException(
                $"{asked} dimensions are asked for; {_name} has {encoder.Config.Hidden}."
            );
        }

        return Task.Run(() => Embed([.. values], cancellationToken), cancellationToken);
    }

    GeneratedEmbeddings<Embedding<float>> Embed(string[] texts, CancellationToken stop)
    {
        GeneratedEmbeddings<Embedding<float>> all = new(texts.Length);
        long tokens = 0;
        foreach (string[] some in texts.Chunk(AtOnce))
        {
            stop.ThrowIfCancellationRequested();
            TokenIds[] encoded = [.. some.Select(t => encoder.Encode(t))];
            tokens += encoded.Sum(e => (long)e.Ids.Length);
            foreach (float[] mean in encoder.EmbedEncoded(encoded))
            {
                float length = TensorPrimitives.Norm<float>(mean);
                TensorPrimitives.Divide(mean, Math.Max(length, float.Epsilon), mean);
                all.Add(new Embedding<float>(mean) { ModelId = _name });
            }
        }

        all.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return all;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata)
            ? new EmbeddingGeneratorMetadata(
                "espalier",
                defaultModelId: _name,
                defaultModelDimensions: encoder.Config.Hidden
            )
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(encoder) ? encoder
        : null;

    public void Dispose() => encoder.Dispose();
}
