using System.Diagnostics;
using System.Globalization;
using Espalier.Cli;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Server;

/// <summary>What an OpenTelemetry collector is sent.</summary>
[Trait("tier", "golden")]
public sealed class CollectorTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task A_collector_gets_the_figures_that_metrics_shows(string protocol)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        await using FakeCollector collector = await FakeCollector.Start(protocol == "grpc");
        ProcessStartInfo start = Tool.StartInfo("serve", $"toy={_toys.WithExits()}", "--port", "0");
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address;
        start.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(Serving.Stop);
        string? address = await process.StandardOutput.ReadLineAsync(Serving.Stop);
        Assert.True(address is not null, address ?? await error);
        using HttpClient http = new() { BaseAddress = new Uri(address!) };
        foreach (string text in (string[])["good", "bad", "the good 1 2 3"])
        {
            using HttpResponseMessage response = await http.PostAsync(
                "/v1/classify",
                Serving.Json(new { input = text, effort = "confidence:0.5" }),
                Serving.Stop
            );
            Assert.True(response.IsSuccessStatusCode);
        }

        string shown = await http.GetStringAsync("/metrics", Serving.Stop);
        Tool.Signal(process, "TERM");
        await process.WaitForExitAsync(Serving.Stop);
        Assert.True(process.ExitCode == ExitCode.Ok, await error);

        // The last values came when the server ended.
        Assert.True(collector.Times > 0, "nothing was sent");
        Assert.Equal("service.name=espalier", collector.Service);
        string[] sent =
        [
            .. collector
                .Last.SelectMany(s =>
                    s.Sum is { } sum
                        ?
                        [
                            Line($"{s.Name}_count", s.Labels, s.Value),
                            Line($"{s.Name}_sum", s.Labels, sum),
                        ]
                        : new[] { Line(s.Name, s.Labels, s.Value) }
                )
                .Where(Stays)
                .Order(StringComparer.Ordinal),
        ];
        string[] listed =
        [
            .. shown
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(l => l[0] != '#' && !l.Contains("_bucket{"))
                .Select(OfPrometheus)
                .Where(Stays)
                .Order(StringComparer.Ordinal),
        ];
        Assert.Contains("espalier_requests{route=/v1/classify,status=200} 3", sent);
        Assert.Equal(listed, sent);
    }

    [Fact]
    public void An_address_that_is_none_is_refused_before_anything_is_loaded() =>
        CommandLine
            .Run(
                ["serve", _toys.Bert()],
                [],
                new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector" }
            )
            .Refuses(ExitCode.Usage, "OTEL_EXPORTER_OTLP_ENDPOINT", "'collector'");

    // The request for /metrics itself comes behind what it shows, and time goes on.
    static bool Stays(string line) => !line.Contains("route=/metrics") && !line.Contains("joules");

    static string Line(string name, string labels, double value) =>
        $"{name.Replace('.', '_')}{{{labels}}} {value.ToString("R", CultureInfo.InvariantCulture)}";

    static string OfPrometheus(string line)
    {
        int space = line.LastIndexOf(' ');
        string series = line[..space].Replace("_total", "").Replace("\"", "");
        int brace = series.IndexOf('{');
        string[] labels = brace < 0 ? [] : series[(brace + 1)..^1].Split(',');
        return $"{(brace < 0 ? series : series[..brace])}{{{string.Join(',', labels.Order(StringComparer.Ordinal))}}} {line[(space + 1)..]}";
    }
}
