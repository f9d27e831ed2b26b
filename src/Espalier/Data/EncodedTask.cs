using Espalier.Text;

namespace Espalier.Data;

/// <summary>
/// A task as one tokenizer sees it. Operators train on <see cref="Training"/> and choose on <see cref="Tuning"/>;
/// <see cref="Test"/> is for measuring alone.
/// </summary>
public sealed class EncodedTask
{
    readonly Lazy<EncodedSplit> _training;
    readonly Lazy<EncodedSplit> _tuning;
    readonly Lazy<EncodedSplit> _test;

    public EncodedTask(TaskData data, Tokenizer tokenizer, int maxLength)
    {
        (Data, Tokenizer, MaxLength) = (data, tokenizer, maxLength);
        _training = new(() => Encoded(data.Training));
        _tuning = new(() => Encoded(data.HoldOut().Tuning));
        _test = new(() => Encoded(data.Test));

        EncodedSplit Encoded(Split split) =>
            EncodedSplit.From(split, data.Task.Kind, tokenizer, maxLength);
    }

    public TaskData Data { get; }
    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens that every example is cut to, and padded to where a classifier lacks dynamic length; those of a corpus's windows.</summary>
    public int MaxLength { get; }

    public EncodedSplit Training => _training.Value;

    /// <summary>
    /// The validation split, or the fixed tenth of the training data: importance and which thresholds are
    /// shown are taken from here. The tenth is trained on as well, so no quality is ever reported on it.
    /// </summary>
    public EncodedSplit Tuning => _tuning.Value;
    public EncodedSplit Test => _test.Value;

    /// <summary>The same task with other examples to learn from; what is tuned on stays, where the task has some.</summary>
    public EncodedTask Learning(EncodedSplit from) => new(this, from);

    EncodedTask(EncodedTask task, EncodedSplit training)
    {
        (Data, Tokenizer, MaxLength) = (task.Data, task.Tokenizer, task.MaxLength);
        _training = new(training);
        _tuning = Data.Validation is null && Data.Train is null ? _training : task._tuning;
        _test = task._test;
    }

    /// <summary>The same data for another tokenizer.</summary>
    public EncodedTask With(Tokenizer tokenizer) =>
        ReferenceEquals(tokenizer, Tokenizer) ? this : new EncodedTask(Data, tokenizer, MaxLength);
}
