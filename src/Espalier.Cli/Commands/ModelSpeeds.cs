using Espalier.Cli.Parsing;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Cli.Commands;

/// <summary>One model at one shape and in one number format.</summary>
/// <param name="MillisecondsPerBatch">At full effort, early exits unused.</param>
/// <param name="Operations">Of one batch, attention included; a multiply-add is two.</param>
/// <param name="ShareOfPeak">Of what the machine's units did in the same round; null where that cannot be timed.</param>
/// <param name="PackedBytes">Memory of the packed weights and the embedding tables.</param>
sealed record ModelSpeed(
    BatchShape Shape,
    NumberFormat Format,
    Estimate MillisecondsPerBatch,
    double Operations,
    Estimate? ShareOfPeak,
    long PackedBytes
)
{
    public double ExamplesPerSecond => 1e3 * Shape.Examples / MillisecondsPerBatch.Value;
}

/// <summary>Billions of operations a second that all threads reach together on registers alone.</summary>
sealed record PeakSpeed(NumberFormat Format, Estimate GigaOperations);

/// <summary>All of them from the same interleaved rounds.</summary>
sealed record ModelSpeeds(
    IReadOnlyList<ModelSpeed> Rows,
    IReadOnlyList<PeakSpeed> Peaks,
    int Rounds,
    bool Settled
)
{
    // What a clock and a waking thread blur shall be small beside one answer.
    const double LeastSeconds = 0.002;
    const int MostRepeats = 2000;

    // Seconds for each row, for the table to be done while one waits; a small model settles sooner.
    const double SecondsPerRow = 3;

    public static ModelSpeeds Measure(
        Model model,
        IReadOnlyList<BatchShape> shapes,
        IReadOnlyList<NumberFormat> formats,
        Workers workers,
        TimeProvider time,
        Action<double> report,
        CancellationToken stop
    )
    {
        Rng rng = new(1);
        Session[] sessions = [.. formats.Select(f => SessionOf(model, f, workers))];
        List<Candidate> candidates = [];
        foreach (BatchShape shape in shapes)
        {
            Batch batch = Drawn(shape, model.Config, rng);
            for (int i = 0; i < formats.Count; i++)
            {
                stop.ThrowIfCancellationRequested();
                candidates.Add(Repeated(Name(shape, formats[i]), sessions[i], batch, time));
            }
        }

        foreach (NumberFormat format in formats)
        {
            if (format.Peak is { } peak)
            {
                candidates.Add(new(format.Name, 1, () => peak.Run(workers)));
            }
        }

        Comparison comparison = new TimeMeter(time).Compare(
            candidates,
            new Rounds(SecondsPerRow * shapes.Count * formats.Count, Least: 9, WarmUpSeconds: 1),
            rng,
            report,
            stop
        );
        return new ModelSpeeds(
            [
                .. from shape in shapes
                from i in Enumerable.Range(0, formats.Count)
                select Row(comparison, model.Config, shape, formats[i], sessions[i], workers),
            ],
            [
                .. formats
                    .Where(f => f.Peak is not null)
                    .Select(f => new PeakSpeed(
                        f,
                        Statistics.Median([
                            .. comparison[f.Name]
                                .RoundMilliseconds.Select(ms =>
                                    f.Peak!.Operations(workers) / (1e6 * ms)
                                ),
                        ])
                    )),
            ],
            comparison.Rounds,
            comparison.Settled
        );
    }

    static Session SessionOf(Model model, NumberFormat format, Workers workers) =>
        new(
            model with
            {
                Traits = new Traits(format.Precision, DynamicLength: true),
            },
            workers,
            format.Kernels,
            padTo: null
        );

    static ModelSpeed Row(
        Comparison comparison,
        ModelConfig config,
        BatchShape shape,
        NumberFormat format,
        Session session,
        Workers workers
    )
    {
        double[] milliseconds =
        [
            .. comparison[Name(shape, format)].RoundMilliseconds.Select(ms => ms * shape.Examples),
        ];
        double operations = 2.0 * shape.Examples * config.MultiplyAdds(shape.Tokens);

        // Both sides as time: what the units would need for these operations, over what the model needed.
        Estimate? share = format.Peak is { } peak
            ? Statistics.Ratio(
                [
                    .. comparison[format.Name]
                        .RoundMilliseconds.Select(ms => ms * operations / peak.Operations(workers)),
                ],
                milliseconds
            )
            : null;
        return new ModelSpeed(
            shape,
            format,
            Statistics.Median(milliseconds),
            operations,
            share,
            session.Bytes
        );
    }

    static string Name(BatchShape shape, NumberFormat format) => $"{shape} {format.Name}";

    /// <summary>Answers the batch so often that the clock sees it.</summary>
    static Candidate Repeated(string name, Session session, Batch batch, TimeProvider time)
    {
        Candidate once = Candidate.Of(name, session, [batch], Effort.Full);
        once.Answer();
        long start = time.GetTimestamp();
        once.Answer();
        double seconds = time.GetElapsedTime(start).TotalSeconds;
        int repeats = (int)Math.Clamp(LeastSeconds / Math.Max(seconds, 1e-9), 1, MostRepeats);
        return Candidate.Of(name, session, [.. Enumerable.Repeat(batch, repeats)], Effort.Full);
    }

    static Batch Drawn(BatchShape shape, ModelConfig config, Rng rng)
    {
        int[] ids = new int[shape.Examples * shape.Tokens];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = rng.Below(config.Vocabulary, (ulong)i);
        }

        return new Batch
        {
            Ids = ids,
            TypeIds = new int[ids.Length],
            Starts =
            [
                .. Enumerable
                    .Range(0, shape.Examples + 1)
                    .Select(example => example * shape.Tokens),
            ],
        };
    }
}
