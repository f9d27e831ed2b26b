using System.Numerics.Tensors;
using Espalier.Answering;
using Espalier.Models;
using Espalier.Server.Api;
using Espalier.Text;

namespace Espalier.Server.Batching;

/// <summary>What became of a text.</summary>
/// <param name="Effort">By which it went.</param>
/// <param name="Tokens">That were read.</param>
sealed record Classified(Prediction Prediction, Effort Effort, int Tokens);

/// <param name="Vector">Of the text, [D].</param>
/// <param name="Tokens">That were read.</param>
sealed record Embedded(float[] Vector, int Tokens);

/// <summary>A text that waits for an encoder.</summary>
abstract class EncoderJob(TokenIds text) : Job
{
    public TokenIds Text => text;
}

/// <inheritdoc cref="EncoderJob"/>
abstract class EncoderJob<T>(TokenIds text) : EncoderJob(text)
{
    // Whoever waits goes on elsewhere: the model's thread has the next batch to do.
    readonly TaskCompletionSource<T> _done = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );

    public Task<T> Done => _done.Task;

    public override void Fail(Refusal refusal) => _done.TrySetException(refusal);

    protected void Answer(T answer) => _done.TrySetResult(answer);
}

/// <summary>A text to be labelled.</summary>
/// <param name="effort">Null: what the server goes by when its turn comes.</param>
sealed class ClassifyJob(TokenIds text, Effort? effort) : EncoderJob<Classified>(text)
{
    public Effort? Effort => effort;

    public void Answer(Prediction prediction, Effort by) =>
        Answer(new Classified(prediction, by, Text.Ids.Length));
}

/// <summary>A text to become a vector.</summary>
/// <param name="unit">Of length 1.</param>
sealed class EmbedJob(TokenIds text, bool unit) : EncoderJob<Embedded>(text)
{
    public void Answer(float[] mean)
    {
        float length = unit ? TensorPrimitives.Norm<float>(mean) : 1;
        TensorPrimitives.Divide(mean, Math.Max(length, float.Epsilon), mean);
        Answer(new Embedded(mean, Text.Ids.Length));
    }
}
