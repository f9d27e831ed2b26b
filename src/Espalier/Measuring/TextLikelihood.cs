using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>What one window of a text was given.</summary>
/// <param name="Begin">First token of the window in the text; it ends before <paramref name="End"/>.</param>
/// <param name="Targets">Its last tokens, which no window before it has.</param>
/// <param name="Scored">How many of them have a token in front of them within the window.</param>
/// <param name="LogLoss">Sum of their −ln p.</param>
public sealed record LikelihoodWindow(int Begin, int End, int Targets, int Scored, double LogLoss);

/// <summary>
/// How likely a language model finds a text, by windows of fixed length that overlap (the recipe of transformers' documentation, with
/// the true number of scored tokens).
/// </summary>
/// <param name="LogLosses">−ln p of each scored token, in order.</param>
/// <param name="Right">Of how many of them the model had said exactly that one.</param>
public sealed record TextLikelihood(
    IReadOnlyList<LikelihoodWindow> Windows,
    IReadOnlyList<double> LogLosses,
    int Right
)
{
    public int Scored => LogLosses.Count;

    /// <summary>That the tokens of the windows passed, on average.</summary>
    public double AverageLayers { get; init; }

    /// <summary>In nats for each token.</summary>
    public double MeanLogLoss => Windows.Sum(w => w.LogLoss) / Scored;

    public double Perplexity => Math.Exp(MeanLogLoss);

    /// <summary>Share of tokens that had the highest score.</summary>
    public double Accuracy => (double)Right / Scored;

    /// <summary>Of the mean, as if tokens were drawn apart from each other.</summary>
    public double StandardError
    {
        get
        {
            double mean = MeanLogLoss;
            return Scored < 2
                ? double.NaN
                : Math.Sqrt(LogLosses.Sum(l => (l - mean) * (l - mean)) / (Scored - 1.0) / Scored);
        }
    }

    /// <summary>Of the perplexity, which is its slope times that of the mean.</summary>
    public double PerplexityStandardError => Perplexity * StandardError;

    /// <summary>e^(sum of losses / words): comparable between tokenizers.</summary>
    public double PerplexityOf(long words) => Math.Exp(Windows.Sum(w => w.LogLoss) / words);

    /// <summary>Reads a text.</summary>
    /// <param name="window">Tokens that are read at once: 2 to the model's context.</param>
    /// <param name="stride">From the begin of a window to that of the next: 1 to the window.</param>
    /// <param name="see">Is shown each window when it is done.</param>
    /// <param name="effort">At which the tokens of a window would be written; null: through all layers.</param>
    /// <exception cref="ArgumentException">Window or stride are out of their range.</exception>
    /// <exception cref="InvalidDataException">The text has fewer than two tokens, or one that the model has not.</exception>
    public static TextLikelihood Of(
        LanguageSession session,
        Workers workers,
        IReadOnlyList<int> ids,
        int window,
        int stride,
        Action<LikelihoodWindow>? see = null,
        Effort? effort = null
    )
    {
        ModelConfig config = session.Model.Config;
        if (window < 2 || window > config.MaxLength || stride < 1 || stride > window)
        {
            throw new ArgumentException(
                $"Perplexity: a window of {window} tokens and a stride of {stride}; a window has 2 to {config.MaxLength}, the model's context, "
                    + "and a stride 1 to the window."
            );
        }

        if (ids.Count < 2)
        {
            throw new InvalidDataException(
                $"The text has {ids.Count} tokens; a token is scored by those in front of it, so there must be two at least."
            );
        }

        if (ids.Any(id => id < 0 || id >= config.Vocabulary))
        {
            throw new InvalidDataException(
                $"The text holds the token {ids.First(id => id < 0 || id >= config.Vocabulary)}; the model has 0 to {config.Vocabulary - 1}, so the tokenizer is another model's."
            );
        }

        List<LikelihoodWindow> windows = [];
        List<double> losses = [];
        int right = 0;
        long layers = 0,
            passed = 0;
        for (int begin = 0, known = 0; known < ids.Count; begin += stride)
        {
            int end = Math.Min(begin + window, ids.Count),
                targets = end - known,
                first = Math.Max(known, begin + 1);
            Batch batch = new()
            {
                Ids = [.. Enumerable.Range(begin, end - begin).Select(i => ids[i])],
                TypeIds = new int[end - begin],
                Starts = [0, end - begin],
            };
            int before = losses.Count,
                from = first - begin - 1;
            double[] here = new double[batch.Tokens - 1];
            bool[] best = new bool[here.Length];
            session.Score(
                batch,
                effort ?? Effort.Full,
                (tokens, exit, logits) =>
                {
                    layers += (long)logits.Rows * config.LayersAt(exit);
                    passed += logits.Rows;
                    workers.Run(
                        logits.Rows,
                        r =>
                        {
                            int token = tokens[r];
                            if (token < here.Length)
                            {
                                (here[token], best[token]) = Loss(
                                    logits.Row(r),
                                    batch.Ids[token + 1]
                                );
                            }
                        }
                    );
                },
                from
            );
            losses.AddRange(here[from..]);
            right += best[from..].Count(b => b);
            LikelihoodWindow done = new(
                begin,
                end,
                targets,
                losses.Count - before,
                losses.Skip(before).Sum()
            );
            windows.Add(done);
            see?.Invoke(done);
            known = end;
        }

        return new TextLikelihood(windows, losses, right)
        {
            AverageLayers = layers / (double)Math.Max(1, passed),
        };
    }

    internal static (double Loss, bool IsBest) Loss(ReadOnlySpan<float> logits, int target)
    {
        int best = Effort.Largest(logits);
        double largest = logits[best],
            total = 0;
        foreach (float z in logits)
        {
            total += Math.Exp(z - largest);
        }

        return (Math.Log(total) + largest - logits[target], best == target);
    }
}
