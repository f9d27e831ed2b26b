using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Cli.Commands;

/// <summary>How fast a language model reads a prompt and writes, all from the same interleaved rounds.</summary>
/// <param name="Prefill">Tokens a second of a prompt of <see cref="PromptTokens"/>.</param>
/// <param name="Decode">Tokens a second of one text, from its first token to its <see cref="WrittenTokens"/>th.</param>
/// <param name="ShareOfPeak">Of what the units that multiply did in the same round; null where that cannot be timed.</param>
/// <param name="ShareOfReading">Of how often a second the weights could be read.</param>
/// <param name="PackedBytes">Memory of the weights.</param>
sealed record LanguageSpeeds(
    Estimate Prefill,
    Estimate Decode,
    Estimate? ShareOfPeak,
    Estimate ShareOfReading,
    Estimate GigaBytesASecond,
    string Products,
    long PackedBytes,
    long CacheBytes,
    int Rounds,
    bool Settled
)
{
    public const int PromptTokens = 128;
    public const int WrittenTokens = 64;
    const double Seconds = 15;

    public static LanguageSpeeds Measure(
        Model model,
        Workers workers,
        KernelFamily kernels,
        TimeProvider time,
        Action<double> report,
        CancellationToken stop
    )
    {
        ModelConfig config = model.Config;
        PackedModel packed = new(model, workers, kernels);
        LanguageSession session = new(packed, workers);
        Rng rng = new(1);
        int[] prompt =
        [
            .. Enumerable
                .Range(0, Math.Min(PromptTokens, config.MaxLength))
                .Select(i => rng.Below(config.Vocabulary, (ulong)i)),
        ];
        int written = Math.Min(WrittenTokens, config.MaxLength);
        var (format, peak) = packed.HasIntegerProducts ? ("int8", Peak.Int8) : ("fp32", Peak.Fp32);
        ReadPeak reading = new(packed.BytesOfProducts);
        long cache = 0;
        List<Candidate> candidates =
        [
            new("prefill", prompt.Length, () => Write(session, prompt, 0)),
            new(
                "decode",
                written,
                () =>
                {
                    Write(session, prompt.AsSpan(0, 1), written - 1);
                    cache = session.Cache.Bytes;
                }
            ),
            new("read", 1, () => reading.Run(workers)),
        ];
        if (peak is not null)
        {
            candidates.Add(new("peak", 1, () => peak.Run(workers)));
        }

        Comparison found = new TimeMeter(time).Compare(
            candidates,
            new Rounds(Seconds, Least: 9, WarmUpSeconds: 1),
            rng,
            report,
            stop
        );
        double[] prefill = [.. found["prefill"].RoundMilliseconds],
            decode = [.. found["decode"].RoundMilliseconds],
            read = [.. found["read"].RoundMilliseconds];

        // The head is asked for one token of the prompt alone.
        double operations =
            2.0
            * (
                config.MultiplyAdds(prompt.Length)
                - (prompt.Length - 1.0) * config.Vocabulary * config.Hidden
            );
        return new LanguageSpeeds(
            Statistics.Median([.. prefill.Select(ms => 1e3 / ms)]),
            Statistics.Median([.. decode.Select(ms => 1e3 / ms)]),
            peak is null
                ? null
                : Statistics.Ratio(
                    [
                        .. found["peak"]
                            .RoundMilliseconds.Select(ms =>
                                ms * operations / peak.Operations(workers)
                            ),
                    ],
                    [.. prefill.Select(ms => ms * prompt.Length)]
                ),
            Statistics.Ratio(
                [.. read.Select(ms => ms * packed.BytesOfProducts / reading.Bytes)],
                decode
            ),
            Statistics.Median([.. read.Select(ms => reading.Bytes / (1e6 * ms))]),
            format,
            packed.Bytes,
            cache,
            found.Rounds,
            found.Settled
        );
    }

    /// <summary>Reads a prompt and then, a token at a time, others.</summary>
    static void Write(LanguageSession session, ReadOnlySpan<int> prompt, int more)
    {
        Past past = session.Begin();
        Past[] one = [past];
        Tensor scores = session.Step(one, prompt, [prompt.Length]);
        int[] next = [0],
            count = [1];
        for (int i = 0; i < more; i++)
        {
            next[0] = Effort.Largest(scores.Row(0));
            scores = session.Step(one, next, count);
        }

        past.Clear();
    }
}
