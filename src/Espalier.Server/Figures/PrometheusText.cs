using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Espalier.Server.Figures;

/// <summary>Adds up what a meter's instruments tell, and shows it in Prometheus' text format 0.0.4.</summary>
sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly MeterListener _listener = new();
    readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    public PrometheusText(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Add(i, value, tags));
        _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Add(i, value, tags));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Add(i, value, tags));
        _listener.Start();
    }

    public override string ToString()
    {
        _listener.RecordObservableInstruments();
        StringBuilder text = new();
        lock (_families)
        {
            foreach (Family family in _families.Values)
            {
                family.Write(text);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        lock (_families)
        {
            if (!_families.TryGetValue(instrument.Name, out Family? family))
            {
                _families.Add(instrument.Name, family = Family.Of(instrument));
            }

            family.Add(labels, value);
        }
    }

    static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder labels = new();
        foreach (var (name, value) in tags)
        {
            string text = Convert
                .ToString(value, CultureInfo.InvariantCulture)!
                .Replace("\\", "\\\\")
                .Replace("\"", "\\\"")
                .Replace("\n", "\\n");
            labels.Append(labels.Length > 0 ? "," : "").Append($"{name}=\"{text}\"");
        }

        return labels.ToString();
    }

    static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>All series of one name.</summary>
    sealed class Family(string name, string type, string help, bool adds, double[] bounds)
    {
        // Behind the buckets: how many, and their sum. Without buckets: the value alone.
        readonly SortedDictionary<string, double[]> _series = new(StringComparer.Ordinal);

        public static Family Of(Instrument instrument)
        {
            string name = instrument.Name.Replace('.', '_'),
                help = instrument.Description ?? "";
            return instrument switch
            {
                Counter<long> => new(name + "_total", "counter", help, true, []),
                ObservableCounter<double> => new(name + "_total", "counter", help, false, []),
                Histogram<double> h => new(
                    name,
                    "histogram",
                    help,
                    true,
                    [.. h.Advice!.HistogramBucketBoundaries!]
                ),
                Histogram<int> h => new(
                    name,
                    "histogram",
                    help,
                    true,
                    [.. h.Advice!.HistogramBucketBoundaries!.Select(b => (double)b)]
                ),
                _ => new(name, "gauge", help, false, []),
            };
        }

        public void Add(string labels, double value)
        {
            if (!_series.TryGetValue(labels, out double[]? of))
            {
                _series.Add(labels, of = new double[bounds.Length == 0 ? 1 : bounds.Length + 2]);
            }

            if (bounds.Length == 0)
            {
                of[0] = adds ? of[0] + value : value;
                return;
            }

            int bucket = Array.FindIndex(bounds, b => value <= b);
            if (bucket >= 0)
            {
                of[bucket]++;
            }

            of[^2]++;
            of[^1] += value;
        }

        public void Write(StringBuilder text)
        {
            text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");
            foreach (var (labels, of) in _series)
            {
                string around = labels.Length > 0 ? $"{{{labels}}}" : "";
                if (bounds.Length == 0)
                {
                    text.Append($"{name}{around} {Number(of[0])}\n");
                    continue;
                }

                double below = 0;
                string before = labels.Length > 0 ? labels + "," : "";
                for (int i = 0; i < bounds.Length; i++)
                {
                    below += of[i];
                    text.Append($"{name}_bucket{{{before}le=\"{Number(bounds[i])}\"}} {below}\n");
                }

                text.Append($"{name}_bucket{{{before}le=\"+Inf\"}} {of[^2]}\n");
                text.Append($"{name}_sum{around} {Number(of[^1])}\n");
                text.Append($"{name}_count{around} {of[^2]}\n");
            }
        }
    }
}
