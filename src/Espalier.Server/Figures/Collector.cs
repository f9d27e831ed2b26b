using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Espalier.Server.Figures;

/// <summary>Sends what <see cref="ServerFigures"/> counts to an OpenTelemetry collector.</summary>
static class Collector
{
    const string ServiceName = "espalier";

    // Where, by which protocol, with which headers and how often is the package's to read from the environment.
    /// <returns>Dispose it to send the last values and end.</returns>
    public static IDisposable Begin() =>
        Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource =>
                resource.AddService(ServiceName).AddEnvironmentVariableDetector()
            )
            .AddMeter(ServerFigures.MeterName)
            .AddOtlpExporter()
            .Build();
}
