using System.Text.Json.Serialization;

namespace Espalier.Measuring;

/// <summary>Of what there is one figure.</summary>
public enum Per
{
    [JsonStringEnumMemberName("example")]
    Example,

    [JsonStringEnumMemberName("token")]
    Token,

    [JsonStringEnumMemberName("request")]
    Request,

    [JsonStringEnumMemberName("model")]
    Model,
}

/// <summary>A figure of a measurement, whose name says what it is: an estimate with its unit and what there is one of.</summary>
public sealed record Figure(
    Per Per,
    string Unit,
    double Value,
    double? Low,
    double? High,
    int N,
    Origin Origin,
    double? Coverage = null
)
{
    /// <summary>Names of the figures that every measurement has, or says why not.</summary>
    public const string Layers = "average_layers",
        MultiplyAdds = "average_multiply_adds",
        Milliseconds = "milliseconds_per_example",
        CoreSeconds = "core_seconds_per_example",
        Joules = "joules_per_example",
        DiskBytes = "disk_bytes",
        PackedBytes = "packed_bytes",
        PeakMemory = "peak_memory";

    /// <summary>Of language models: a token that is written behind a prompt, and the first one, which the prompt is read for.</summary>
    public const string MillisecondsPerToken = "milliseconds_per_token",
        JoulesPerToken = "joules_per_token",
        MillisecondsToFirstToken = "milliseconds_to_first_token";

    /// <summary>Over the first model of the sitting, which has none.</summary>
    public const string SpeedUp = "speed_up";

    public static IReadOnlyList<string> Expected { get; } =
    [Layers, MultiplyAdds, Milliseconds, CoreSeconds, Joules, DiskBytes, PackedBytes, PeakMemory];

    public static Figure Of(Estimate e, string unit, Per per) =>
        new(per, unit, e.Value, e.Low, e.High, e.N, e.Origin, e.Coverage);

    [JsonIgnore]
    public Estimate Estimate => new(Value, Low, High, N, Origin) { Coverage = Coverage };

    /// <summary>The unit, and what that is of.</summary>
    public static (string Unit, Per Per) UnitOf(string name) =>
        name switch
        {
            Layers => ("layers", Per.Example),
            MultiplyAdds => ("multiply-adds", Per.Example),
            Milliseconds => ("ms", Per.Example),
            CoreSeconds => ("s", Per.Example),
            Joules => ("J", Per.Example),
            SpeedUp => ("times", Per.Example),
            MillisecondsPerToken => ("ms", Per.Token),
            JoulesPerToken => ("J", Per.Token),
            MillisecondsToFirstToken => ("ms", Per.Request),
            _ => ("B", Per.Model),
        };
}
