using System.Text.Json;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>One metric along a curve; null values have a reason at their place.</summary>
/// <param name="Low">Null: there is no interval.</param>
public sealed record CurveMetric(
    string Metric,
    IReadOnlyList<double?> Value,
    IReadOnlyList<double?> Low,
    IReadOnlyList<double?> High,
    IReadOnlyList<string?> WhyUndefined
);

/// <summary>
/// Quality, layers and multiply-adds of one model at many efforts, from one pass. Time was not taken at them, and no time is
/// computed for them.
/// </summary>
public sealed record QualityCurve
{
    /// <summary>Of the JSON form.</summary>
    public const int CurrentVersion = 1;

    const string WhyNoTime =
        "not run at this effort; quality and layers follow from one pass, times do not";
    public int Version { get; init; } = CurrentVersion;
    public required string Pipeline { get; init; }
    public required string Stage { get; init; }
    public required string Task { get; init; }
    public required string Split { get; init; }
    public required IReadOnlyList<ulong> Seeds { get; init; }
    public required int Examples { get; init; }
    public required int BatchSize { get; init; }
    public required IReadOnlyList<Effort> Efforts { get; init; }
    public required IReadOnlyList<double> AverageLayers { get; init; }
    public required IReadOnlyList<double> AverageMultiplyAdds { get; init; }
    public required IReadOnlyList<CurveMetric> Metrics { get; init; }
    public required Machine Machine { get; init; }

    /// <param name="like">A measurement of the same model.</param>
    internal static QualityCurve Of(
        Measurement like,
        IReadOnlyList<EffortAnswers> answers,
        IReadOnlyList<Data.Metrics.Metric> metrics,
        Func<EffortAnswers, double> multiplyAdds
    )
    {
        Quality[][] qualities = [.. answers.Select(a => a.Measure(metrics).ToArray())];
        return new QualityCurve
        {
            Pipeline = like.Pipeline,
            Stage = like.Stage,
            Task = like.Task,
            Split = like.Split,
            Seeds = like.Seeds,
            Examples = like.Examples,
            BatchSize = like.BatchSize,
            Efforts = [.. answers.Select(a => a.Effort)],
            AverageLayers = [.. answers.Select(a => a.AverageLayers)],
            AverageMultiplyAdds = [.. answers.Select(multiplyAdds)],
            Metrics =
            [
                .. metrics.Select(
                    (_, m) =>
                        new CurveMetric(
                            qualities[0][m].Metric,
                            [.. qualities.Select(q => q[m].Value)],
                            [.. qualities.Select(q => q[m].Low)],
                            [.. qualities.Select(q => q[m].High)],
                            [.. qualities.Select(q => q[m].WhyUndefined)]
                        )
                ),
            ],
            Machine = like.Machine,
        };
    }

    /// <summary>Its points as measurements without time, each absent figure with the reason.</summary>
    public IReadOnlyList<Measurement> Points() =>
        [
            .. Efforts.Select(
                (effort, i) =>
                    new Measurement
                    {
                        Pipeline = Pipeline,
                        Stage = Stage,
                        Task = Task,
                        Split = Split,
                        Effort = effort,
                        Seeds = Seeds,
                        Examples = Examples,
                        Metrics =
                        [
                            .. Metrics.Select(m => new Quality(
                                m.Metric,
                                m.Value[i],
                                m.Low[i],
                                m.High[i],
                                Examples,
                                m.WhyUndefined[i]
                            )),
                        ],
                        AverageLayers = AverageLayers[i],
                        AverageMultiplyAdds = AverageMultiplyAdds[i],
                        BatchSize = BatchSize,
                        Machine = Machine,
                        Absent =
                        [
                            .. Figure
                                .Expected.Except([Figure.Layers, Figure.MultiplyAdds])
                                .Select(f => new AbsentFigure(f, WhyNoTime)),
                        ],
                    }
            ),
        ];

    public void WriteTo(Utf8JsonWriter writer) =>
        JsonSerializer.Serialize(writer, this, MeasurementSchema.Default.QualityCurve);

    /// <param name="name">Of the file and the place in it, for messages.</param>
    /// <exception cref="InvalidDataException">It is no curve of a version that this code knows.</exception>
    public static QualityCurve Read(string name, JsonElement element)
    {
        QualityCurve curve = MeasurementJson.Record(
            name,
            "a curve",
            () => element.Deserialize(MeasurementSchema.Default.QualityCurve)
        );
        if (curve.Version != CurrentVersion)
        {
            throw new InvalidDataException(
                $"{name}: a curve of version {curve.Version}; {CurrentVersion} was expected. Measure again or take the Espalier that wrote it."
            );
        }

        int count = curve.Efforts.Count;
        bool even =
            count > 0
            && curve.Efforts.All(e => e is not null)
            && curve.AverageLayers.Count == count
            && curve.AverageMultiplyAdds.Count == count
            && curve.AverageLayers.Concat(curve.AverageMultiplyAdds).All(double.IsFinite)
            && curve.Metrics.Count > 0
            && curve.Metrics.All(m =>
                m is not null
                && m.Value.Count == count
                && m.Low.Count == count
                && m.High.Count == count
                && m.WhyUndefined.Count == count
            );
        if (!even)
        {
            throw new InvalidDataException(
                $"{name}: {count} efforts were named, and not every figure stands at each as a finite number; correct the file or measure again."
            );
        }

        return
            curve
                .Points()
                .Select(p => FigureRules.Broken(p) ?? MeasurementJson.Problem(p))
                .FirstOrDefault(p => p is not null)
                is { } problem
            ? throw new InvalidDataException($"{name}: {problem}")
            : curve;
    }
}
