using System.Text.Json;
using Espalier.Cli.Commands;
using Espalier.Measuring;

namespace Espalier.Cli.Reports;

/// <summary>What bench found of a language model, and how it is written.</summary>
sealed record LanguageSpeedReport(string Model, LanguageSpeeds Speeds, Machine Machine)
{
    /// <summary>Of the JSON document.</summary>
    const int Version = 1;

    public void Write(Terminal terminal, bool json)
    {
        if (json)
        {
            JsonText.Document(terminal.Out, WriteTo);
            return;
        }

        terminal.Say(
            $"{Shown.Whole(Model)}: median of {Speeds.Rounds} interleaved rounds [95 % interval], "
                + $"{Machine.Threads} threads, kernels {Machine.Kernels}"
        );
        terminal.Write([
            (
                "prefill",
                $"{Rate(Speeds.Prefill)} tokens/s of a prompt of {LanguageSpeeds.PromptTokens}; {(Speeds.ShareOfPeak is { } share ? Share(share) + $" of the {Speeds.Products} peak" : "the peak was not timed")}"
            ),
            (
                "decode",
                $"{Rate(Speeds.Decode)} tokens/s of a text's first {LanguageSpeeds.WrittenTokens}; {Share(Speeds.ShareOfReading)} of reading the weights once a token"
            ),
            (
                "reading",
                $"{Speeds.GigaBytesASecond.Value:0.0} GB/s with all threads over as many bytes"
            ),
            (
                "memory",
                $"{Shown.Bytes(Speeds.PackedBytes)} of weights, {Shown.Bytes(Speeds.CacheBytes)} of keys and values"
            ),
        ]);
        terminal.Say(
            $"{Machine.Processor}, {Machine.Runtime}, Espalier {Machine.Espalier}, "
                + $"load {Machine.LoadAverage?.ToString("0.0") ?? "unknown"} at the start."
        );
        if (!Speeds.Settled)
        {
            terminal.Tell(
                "Time ran out before every interval was within 5 % of its median; a quieter machine gives narrower ones."
            );
        }
    }

    void WriteTo(Utf8JsonWriter json)
    {
        json.WriteNumber("version", Version);
        json.WriteString("model", Model);
        json.WriteNumber("rounds", Speeds.Rounds);
        json.WriteBoolean("settled", Speeds.Settled);
        json.WriteNumber("prompt_tokens", LanguageSpeeds.PromptTokens);
        json.WriteNumber("written_tokens", LanguageSpeeds.WrittenTokens);
        json.Estimate("prefill_tokens_per_second", Speeds.Prefill);
        json.Estimate("decode_tokens_per_second", Speeds.Decode);
        json.WriteString("products", Speeds.Products);
        json.Estimate("prefill_share_of_peak", Speeds.ShareOfPeak);
        json.Estimate("decode_share_of_reading", Speeds.ShareOfReading);
        json.Estimate("reading_gigabytes_per_second", Speeds.GigaBytesASecond);
        json.WriteNumber("packed_bytes", Speeds.PackedBytes);
        json.WriteNumber("cache_bytes", Speeds.CacheBytes);
        Machine.WriteTo(json);
    }

    static string Rate(Estimate rate) => $"{rate.Value:0.0} [{rate.Low:0.0}, {rate.High:0.0}]";

    static string Share(Estimate share) => $"{100 * share.Value:0} %";
}
