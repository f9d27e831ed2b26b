using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What the page says of one setting.</summary>
/// <param name="Predicted">Operating points that were not measured, only derived.</param>
sealed record StudySection(Findings Findings, IReadOnlyList<MeanPoint> Predicted)
{
    public static IReadOnlyList<StudySection> Of(IReadOnlyList<Measurement> measurements) =>
        [.. Findings.In(measurements).Select(f => new StudySection(f, []))];
}
