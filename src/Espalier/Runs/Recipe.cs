using Espalier.Data;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Training;

namespace Espalier.Runs;

/// <summary>Everything that decides what a run gives, already read and checked.</summary>
/// <param name="ModelFolder">Where the original lies: an encoder, fine-tuned or not, or a language model, which may be a GGUF file.</param>
public sealed record Recipe(
    Pipeline Pipeline,
    TaskData Data,
    string ModelFolder,
    TrainingOptions Training,
    ulong Seed = 1
)
{
    /// <summary>Tokens that examples are cut to, and padded to by classifiers without dynamic length.</summary>
    public int MaxLength { get; init; } = 128;

    /// <summary>Examples that the time meter hands over at once.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>At which models with exits stand in the table.</summary>
    public Effort Effort { get; init; } = new(ExitRule.Confidence, 0.9);

    /// <summary>
    /// Whether models are measured on the validation split instead of the test split, for choosing among them. Decides no model.
    /// </summary>
    public bool OnValidation { get; init; }
}
