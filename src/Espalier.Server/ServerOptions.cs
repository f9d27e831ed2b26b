using System.Net;
using Espalier.Models;

namespace Espalier.Server;

/// <summary>Where a server listens, whom it lets in, and how much it takes on.</summary>
public sealed record ServerOptions
{
    /// <summary>Anything but this machine's own address demands a key.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: any that is free.</summary>
    public int Port { get; init; }

    /// <summary>What a request must bring as <c>Authorization: Bearer</c>; null: everyone on this machine may ask.</summary>
    public string? Key { get; init; }

    /// <summary>Texts or prompts of one model that wait at most; whoever comes then is told to come again.</summary>
    public int MostWaiting { get; init; } = 512;

    /// <summary>How long a request may take, its waiting included.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Of requests that name none.</summary>
    public Effort Effort { get; init; } = Effort.Full;

    /// <summary>The 95th percentile of latency that is held by leaving earlier under load; null: effort stays as it is.</summary>
    public TimeSpan? LatencyTarget { get; init; }

    /// <summary>How far effort may be lowered for <see cref="LatencyTarget"/>.</summary>
    public Effort LeastEffort { get; init; } = new(ExitRule.Confidence, 0.7);

    /// <summary>
    /// Whether figures go to an OpenTelemetry collector: to which, how and how often say the environment's variables that begin with
    /// <c>OTEL_</c>, as OpenTelemetry defines them.
    /// </summary>
    public bool Collects { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Is told, one sentence each, what whoever runs the server should know.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <summary>What cannot be, in one sentence; null: nothing.</summary>
    public string? Problem =>
        !IPAddress.IsLoopback(Address) && Key is null
            ? $"{Address} is reached from other machines, and there is no key; give one, or listen on {IPAddress.Loopback}"
        : Key is { } key && (key.Length < 16 || key.Any(c => c is <= ' ' or > '~'))
            ? "the key is shorter than 16 characters, or holds others than letters, digits and signs of ASCII"
        : LatencyTarget is not null && Effort.Rule is not (ExitRule.Never or ExitRule.Confidence)
            ? $"a latency target lowers a confidence, and the effort is {Effort}; leave one of them out"
        : LeastEffort.Rule != ExitRule.Confidence
            ? $"the least effort is {LeastEffort}; a confidence was expected, such as confidence:0.7"
        : null;
}
