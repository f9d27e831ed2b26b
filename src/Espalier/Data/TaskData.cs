using System.Security.Cryptography;

namespace Espalier.Data;

/// <summary>
/// A task with its examples, checked. Train is null where only evaluating is possible, and
/// <see cref="Training"/> then refuses. Validation is null where the task has none: <see cref="HoldOut"/>
/// takes a tenth of the training data then. Test is what quality is reported on: the labelled test
/// file, or the dev file where the test file has no labels.
/// </summary>
public sealed record TaskData(TaskDefinition Task, Split? Train, Split? Validation, Split Test)
{
    /// <summary>Further splits that quality may be reported on: MNLI's mismatched genres.</summary>
    public IReadOnlyList<Split> Others { get; init; } = [];

    /// <summary>What the user should know and what did not stop us: rows skipped, texts of the test split trained on.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The sentence to refuse training with where there is no training data.</summary>
    public string? WhyNoTrain { get; init; }

    /// <exception cref="InvalidDataException">There is none.</exception>
    public Split Training =>
        Train ?? throw new InvalidDataException(WhyNoTrain ?? $"{Task.Name} has no training data.");

    /// <summary>
    /// Training data and the data that thresholds and importance are chosen on, without an example in
    /// common. Operators of the protocol train on the whole split all the same (see <see cref="EncodedTask.Tuning"/>). With a validation split these are the splits as they are; without one, a fixed tenth of
    /// the training data is held out, the same for every run and seed. Never the test data.
    /// </summary>
    public HeldOut HoldOut() =>
        Validation is { } validation ? new HeldOut(Training, validation)
        : Task.Kind is Corpus ? HeldOut.LastTenth(Training)
        : HeldOut.Tenth(Training, Task.IsRegression);

    /// <summary>SHA-256 of the labels' names and of every split's content.</summary>
    public string ContentHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Split.AppendText(hash, "espalier task data 1");
        Split.AppendNumber(hash, Task.Labels.Count);
        foreach (string label in Task.Labels)
        {
            Split.AppendText(hash, label);
        }

        Split?[] splits = [Train, Validation, Test, .. Others];
        foreach (Split? split in splits)
        {
            Split.AppendText(hash, split?.ContentHash());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
