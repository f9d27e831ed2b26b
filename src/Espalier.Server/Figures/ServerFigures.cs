using System.Diagnostics.Metrics;
using Espalier.Measuring;
using Espalier.Server.Batching;

namespace Espalier.Server.Figures;

/// <summary>
/// What a server counts, under <c>System.Diagnostics.Metrics</c>, so that OpenTelemetry and dotnet-counters read it by the meter's name;
/// <see cref="PrometheusText"/> shows the same as text.
/// </summary>
public sealed class ServerFigures : IDisposable
{
    public const string MeterName = "Espalier.Server";

    static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries =
        [
            0.001,
            0.002,
            0.005,
            0.01,
            0.02,
            0.05,
            0.1,
            0.2,
            0.5,
            1,
            2,
            5,
            10,
            30,
            60,
        ],
    };

    static readonly InstrumentAdvice<int> Sizes = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048],
    };

    readonly Counter<long> _requests;
    readonly Histogram<double> _seconds;
    readonly Histogram<double> _waited;
    readonly Histogram<double> _first;
    readonly Histogram<double> _batchSeconds;
    readonly Histogram<int> _batch;
    readonly Histogram<int> _batchTokens;
    readonly Counter<long> _exits;
    readonly Counter<long> _tokens;

    internal ServerFigures(IReadOnlyList<ServedModel> models)
    {
        Meter = new Meter(MeterName);
        _requests = Meter.CreateCounter<long>(
            "espalier.requests",
            description: "Requests that were answered or refused, by status."
        );
        _seconds = Histogram("espalier.request.seconds", "From a request to its whole answer.");
        _waited = Histogram("espalier.queue.seconds", "From a request to the batch it went with.");
        _first = Histogram("espalier.first_token.seconds", "From a request to its first text.");
        _batchSeconds = Histogram("espalier.batch.seconds", "Of a batch or a step.");
        _batch = Meter.CreateHistogram(
            "espalier.batch.size",
            description: "Texts of a batch or a step.",
            advice: Sizes
        );
        _batchTokens = Meter.CreateHistogram(
            "espalier.batch.tokens",
            description: "Tokens of a batch or a step.",
            advice: Sizes
        );
        _exits = Meter.CreateCounter<long>(
            "espalier.exits",
            description: "Texts by the layer, counted from 1, whose classifier answered them."
        );
        _tokens = Meter.CreateCounter<long>("espalier.tokens", description: "Read and written.");
        Gauge(models, "espalier.waiting", "Texts or prompts that wait.", m => m.Waiting);
        Gauge(models, "espalier.running", "Texts or prompts that a model is at.", m => m.Running);
        Gauge(models, "espalier.cache.bytes", "Memory of keys and values.", m => m.CacheBytes);
        Meter.CreateObservableGauge(
            "espalier.effort.steps",
            () =>
                models
                    .OfType<ServedClassifier>()
                    .Where(m => m.Control is not null)
                    .Select(m => new Measurement<int>(m.Control!.Level, Of(m.Name))),
            description: "Steps by which a latency target has lowered effort."
        );
        double watts = EnergyConstants.Default.WattsPerCore;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Meter.CreateObservableCounter(
            "espalier.joules",
            () => watts * (Environment.CpuUsage.TotalTime - before).TotalSeconds,
            description: $"Modelled, not measured: core-seconds of this process x {EnergyConstants.Default}."
        );
    }

    public Meter Meter { get; }

    internal void Request(string route, int status, double seconds)
    {
        _requests.Add(1, new("route", route), new("status", status));
        _seconds.Record(seconds, new KeyValuePair<string, object?>("route", route));
    }

    internal void Waited(string model, double seconds) => _waited.Record(seconds, Of(model));

    internal void First(string model, double seconds) => _first.Record(seconds, Of(model));

    internal void Batch(string model, int size, int tokens, double seconds)
    {
        _batch.Record(size, Of(model));
        _batchTokens.Record(tokens, Of(model));
        _batchSeconds.Record(seconds, Of(model));
    }

    /// <param name="exit">Counted from 0.</param>
    internal void Left(string model, int exit) => _exits.Add(1, Of(model), new("exit", exit + 1));

    /// <param name="kind">prompt or completion.</param>
    internal void Tokens(string model, string kind, int tokens) =>
        _tokens.Add(tokens, Of(model), new("kind", kind));

    public void Dispose() => Meter.Dispose();

    static KeyValuePair<string, object?> Of(string model) => new("model", model);

    Histogram<double> Histogram(string name, string description) =>
        Meter.CreateHistogram(name, "s", description, tags: null, advice: Seconds);

    void Gauge(
        IReadOnlyList<ServedModel> models,
        string name,
        string description,
        Func<ServedModel, long> read
    ) =>
        Meter.CreateObservableGauge(
            name,
            () => models.Select(m => new Measurement<long>(read(m), Of(m.Name))),
            description: description
        );
}
