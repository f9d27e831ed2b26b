using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>How the next token is chosen from scores.</summary>
public sealed record SamplingOptions
{
    /// <summary>What scores are divided by; 0: the token with the highest is taken, and nothing is left to chance.</summary>
    public double Temperature { get; init; }

    /// <summary>Only so many tokens with the highest scores are drawn from (Fan et al. 2018); 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the fewest that have this probability together are drawn from (Holtzman et al. 2020); 1: all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Only those that have this share of the highest probability are drawn from (Nguyen et al. 2024); 0: all.</summary>
    public double MinP { get; init; }

    /// <summary>Scores of tokens that are in the text already are divided by this, or multiplied where below 0 (Keskar et al. 2019).</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>The same seed gives the same text, whatever the threads.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tokens that are written at most.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Tokens behind which the text ends; null: those that the model names.</summary>
    public IReadOnlyList<int>? EndIds { get; init; }

    /// <summary>The first option that is out of its range; null: none is.</summary>
    public string? Problem =>
        !(Temperature >= 0 && double.IsFinite(Temperature))
            ? $"the temperature is {Temperature}; it is 0 or more"
        : TopK < 0 ? $"top-k is {TopK}; it is a number of tokens, or 0 for all"
        : !(TopP > 0 && TopP <= 1) ? $"top-p is {TopP}; it is above 0 and at most 1"
        : !(MinP >= 0 && MinP <= 1) ? $"min-p is {MinP}; it is 0 to 1"
        : !(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty))
            ? $"the repetition penalty is {RepetitionPenalty}; it is above 0, and 1 changes nothing"
        : MaxTokens < 1 ? $"at most {MaxTokens} tokens are asked for; 1 or more can be"
        : null;
}

/// <summary>
/// Chooses tokens of one text: penalty of what is there, temperature, top-k, top-p, min-p, in this order, which is transformers'.
/// Of equal scores the smaller id comes first.
/// </summary>
public sealed class Sampler
{
    readonly SamplingOptions _options;
    readonly Rng _rng;
    readonly bool[] _seen;
    readonly float[] _scores;

    // What may still be drawn: ids, and their probabilities up to a factor (below 0 while they are sorted).
    readonly int[] _ids;
    readonly double[] _weights;
    readonly PriorityQueue<int, float> _highest;
    ulong _drawn;

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Sampler(SamplingOptions options, int vocabulary)
    {
        if (options.Problem is { } problem)
        {
            throw new ArgumentException($"Sampling: {problem}.");
        }

        (_options, _rng) = (options, new Rng(options.Seed).Split("sampling"));
        _seen = new bool[options.RepetitionPenalty == 1 ? 0 : vocabulary];
        _scores = new float[vocabulary];
        bool draws = options.Temperature > 0;
        _ids = new int[draws ? vocabulary : 0];
        _weights = new double[_ids.Length];
        _highest = new PriorityQueue<int, float>(draws ? Math.Min(options.TopK, vocabulary) : 0);
    }

    /// <summary>Says that tokens are in the text; those that are chosen here are by themselves.</summary>
    public void See(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (id < _seen.Length)
            {
                _seen[id] = true;
            }
        }
    }

    /// <param name="logits">One for each token of the vocabulary.</param>
    public int Next(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_scores);
        for (int id = 0; id < _seen.Length; id++)
        {
            float penalty = (float)_options.RepetitionPenalty;
            if (_seen[id])
            {
                _scores[id] = _scores[id] < 0 ? _scores[id] * penalty : _scores[id] / penalty;
            }
        }

        int next = _options.Temperature == 0 ? Effort.Largest(_scores) : Draw();
        See([next]);
        return next;
    }

    int Draw()
    {
        float lowest = Lowest(),
            largest = _scores[Effort.Largest(_scores)];
        int count = 0;
        double total = 0;
        for (int id = 0; id < _scores.Length; id++)
        {
            if (_scores[id] >= lowest)
            {
                _ids[count] = id;
                _weights[count] = Math.Exp((_scores[id] - largest) / _options.Temperature);
                total += _weights[count++];
            }
        }

        if (_options.TopP < 1)
        {
            (count, total) = Nucleus(count, total);
        }

        if (_options.MinP > 0)
        {
            // The highest weight is 1.
            (count, total) = AtLeast(_options.MinP, count);
        }

        // 53 bits of the stream's next block.
        var (high, low, _, _) = _rng.Block(_drawn++);
        double left = total * (((ulong)high << 21 | low >> 11) / (double)(1L << 53));
        for (int i = 0; i < count - 1; i++)
        {
            left -= _weights[i];
            if (left < 0)
            {
                return _ids[i];
            }
        }

        return _ids[count - 1];
    }

    /// <summary>The score that the last of the top k has; equal ones stay, as in transformers.</summary>
    float Lowest()
    {
        if (_options.TopK == 0 || _options.TopK >= _scores.Length)
        {
            return float.NegativeInfinity;
        }

        _highest.Clear();
        for (int id = 0; id < _scores.Length; id++)
        {
            if (_highest.Count < _options.TopK)
            {
                _highest.Enqueue(id, _scores[id]);
            }
            else if (_scores[id] > _scores[_highest.Peek()])
            {
                _highest.EnqueueDequeue(id, _scores[id]);
            }
        }

        return _scores[_highest.Peek()];
    }

    (int Count, double Total) Nucleus(int count, double total)
    {
        // All that are below this together have less than what may be left out, so few are left to be sorted.
        (count, _) = AtLeast(total * (1 - _options.TopP) / count, count);
        for (int i = 0; i < count; i++)
        {
            _weights[i] = -_weights[i];
        }

        _weights.AsSpan(0, count).Sort(_ids.AsSpan(0, count));
        double sum = 0;
        int kept = 0;
        while (kept < count && (kept == 0 || sum < _options.TopP * total))
        {
            _weights[kept] = -_weights[kept];
            sum += _weights[kept++];
        }

        return (kept, sum);
    }

    (int Count, double Total) AtLeast(double least, int count)
    {
        int kept = 0;
        double total = 0;
        for (int i = 0; i < count; i++)
        {
            if (_weights[i] >= least)
            {
                (_ids[kept], _weights[kept]) = (_ids[i], _weights[i]);
                total += _weights[kept++];
            }
        }

        return (kept, total);
    }
}
