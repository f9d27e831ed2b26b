namespace Espalier.Training;

/// <summary>Where a training stands after a step.</summary>
/// <param name="Loss">Mean over the last steps that were reported together.</param>
/// <param name="ExamplesPerSecond">Since the training began or was resumed.</param>
public sealed record TrainingProgress(
    int Step,
    int Steps,
    double Loss,
    double ExamplesPerSecond,
    TimeSpan Left
);
