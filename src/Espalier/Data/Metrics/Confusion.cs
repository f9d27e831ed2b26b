namespace Espalier.Data.Metrics;

/// <summary>
/// How often each class is true, predicted, and both. The values are scikit-learn's to the last
/// convention: what is 0/0 is 0 here (zero_division=0), and <see cref="Metric"/> says null instead.
/// </summary>
public sealed class Confusion
{
    readonly long[] _true;
    readonly long[] _predicted;
    readonly long[] _both;

    public Confusion(IReadOnlyList<int> truth, IReadOnlyList<int> prediction)
    {
        if (truth.Count != prediction.Count)
        {
            throw new ArgumentException(
                $"There are {truth.Count} labels and {prediction.Count} predictions; each example needs one of both."
            );
        }

        Total = truth.Count;
        for (int i = 0; i < truth.Count; i++)
        {
            if (truth[i] < 0 || prediction[i] < 0)
            {
                throw new ArgumentException(
                    $"Example {i} has label {truth[i]} and prediction {prediction[i]}; classes count from 0, and -1 marks an unlabelled example, which cannot be judged."
                );
            }

            Classes = Math.Max(Classes, Math.Max(truth[i], prediction[i]) + 1);
        }

        _true = new long[Classes];
        _predicted = new long[Classes];
        _both = new long[Classes];
        for (int i = 0; i < truth.Count; i++)
        {
            _true[truth[i]]++;
            _predicted[prediction[i]]++;
            if (truth[i] == prediction[i])
            {
                _both[truth[i]]++;
            }
        }
    }

    public int Total { get; }

    /// <summary>One more than the largest class that occurs.</summary>
    public int Classes { get; }

    public long Right => _both.Sum();

    public double Accuracy => Ratio(Right, Total);

    /// <summary>2 TP / (2 TP + FP + FN) of one class.</summary>
    public double F1(int label) =>
        IsAbsent(label) ? 0 : 2.0 * _both[label] / (_true[label] + _predicted[label]);

    public double MacroF1
    {
        get
        {
            int[] present = [.. Enumerable.Range(0, Classes).Where(label => !IsAbsent(label))];
            return present.Length == 0 ? 0 : present.Sum(F1) / present.Length;
        }
    }

    /// <summary>Gorodkin's form for any number of classes.</summary>
    public double Matthews
    {
        get
        {
            double total = Total;
            double chance = 0;
            double truth = total * total;
            double predicted = total * total;
            for (int label = 0; label < Classes; label++)
            {
                chance += (double)_true[label] * _predicted[label];
                truth -= (double)_true[label] * _true[label];
                predicted -= (double)_predicted[label] * _predicted[label];
            }

            return Ratio(Right * total - chance, Math.Sqrt(truth * predicted));
        }
    }

    /// <summary>The class that all labels are, where they are one.</summary>
    public int? OnlyTruth => Only(_true);

    public int? OnlyPrediction => Only(_predicted);

    /// <summary>Neither true nor predicted of any example.</summary>
    public bool IsAbsent(int label) => label >= Classes || _true[label] + _predicted[label] == 0;

    int? Only(long[] counts) =>
        Array.IndexOf(counts, Total) is var label and >= 0 && Total > 0 ? label : null;

    static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}
