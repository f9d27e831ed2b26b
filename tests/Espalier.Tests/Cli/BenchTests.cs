using System.Text.Json;
using Espalier.Cli;
using Espalier.Kernels;

namespace Espalier.Tests.Cli;

public sealed class BenchTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    /// <summary>Each look is one millisecond after the one before, so that every turn takes exactly that.</summary>
    sealed class Steps : TimeProvider
    {
        long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now++;
    }

    static Outcome Run(params string[] args)
    {
        using StringWriter output = new(),
            error = new();
        Terminal terminal = new(Stream.Null, output, error)
        {
            Environment = _ => null,
            Time = new Steps(),
        };
        int code = Program.Run(["bench", .. args], terminal, TestContext.Current.CancellationToken);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    static JsonElement[] Rows(Outcome outcome) =>
        [.. outcome.Succeeds().Json.GetProperty("rows").EnumerateArray()];

    [Fact]
    public void Json_has_a_row_for_every_shape_and_precision_in_the_order_of_the_line()
    {
        Outcome outcome = Run(
            "--model",
            _toys.Bert(),
            "--shapes",
            "2x7,1x3",
            "--precision",
            "int8,fp32",
            "--json"
        );
        Assert.Equal(
            ["2x7 int8", "2x7 fp32", "1x3 int8", "1x3 fp32"],
            Rows(outcome)
                .Select(r =>
                    $"{r.GetProperty("examples")}x{r.GetProperty("tokens")} {r.GetProperty("precision")}"
                )
        );
        JsonElement json = outcome.Json;
        Assert.True(json.GetProperty("settled").GetBoolean());
        Assert.Equal(9, json.GetProperty("rounds").GetInt32());
        Assert.Equal(
            KernelFamily.Choose(null).Name,
            json.GetProperty("machine").GetProperty("kernels").GetString()
        );
    }

    [Fact]
    public void Figures_follow_from_the_clock()
    {
        // Two passes over the batch fit into the two milliseconds a turn shall have at least, and a turn is one.
        JsonElement row = Rows(
            Run("-m", _toys.Bert(), "--shapes", "4x5", "--precision", "fp32", "--json")
        )[0];
        JsonElement time = row.GetProperty("milliseconds_per_batch");
        Assert.Equal(0.5, time.GetProperty("value").GetDouble(), 12);
        Assert.Equal(0.5, time.GetProperty("low").GetDouble(), 12);
        Assert.Equal(9, time.GetProperty("n").GetInt32());
        Assert.Equal(8000, row.GetProperty("examples_per_second").GetDouble(), 6);
    }

    [Fact]
    public void The_share_of_the_peak_is_the_rate_of_the_model_over_that_of_the_probe()
    {
        Assert.SkipWhen(Peak.Fp32 is null, "This machine has no multiply-adds to probe.");
        Outcome outcome = Run(
            "-m",
            _toys.Bert(),
            "--shapes",
            "4x5",
            "--precision",
            "fp32",
            "--json"
        );
        JsonElement row = Rows(outcome)[0],
            peak = outcome.Json.GetProperty("peaks")[0];
        double rate =
            row.GetProperty("operations_per_batch").GetDouble()
            / row.GetProperty("milliseconds_per_batch").GetProperty("value").GetDouble()
            / 1e6;
        double most = peak.GetProperty("giga_operations_per_second")
            .GetProperty("value")
            .GetDouble();
        Assert.Equal(
            rate / most,
            row.GetProperty("share_of_peak").GetProperty("value").GetDouble(),
            1e-9
        );
    }

    [Fact]
    public void Operations_are_those_of_the_products_and_of_attention()
    {
        // Three layers, hidden 48, feed-forward 104: per token 4 · 48² + 2 · 48 · 104, per pair of tokens 2 · 48. Behind the last attention
        // one token of seven goes on.
        JsonElement row = Rows(
            Run("-m", _toys.Bert(), "--shapes", "2x7", "--precision", "fp32", "--json")
        )[0];
        Assert.Equal(
            2.0 * 2 * 3 * (7 * (4 * 48 * 48 + 2 * 48 * 104) + 7 * 7 * 2 * 48)
                - 2.0 * 2 * 6 * (48 * 48 + 2 * 48 * 104),
            row.GetProperty("operations_per_batch").GetDouble()
        );
    }

    [Fact]
    public void Int8_takes_less_memory_than_fp32()
    {
        JsonElement[] rows = Rows(
            Run("-m", _toys.Bert(), "--shapes", "1x3", "--precision", "fp32,int8", "--json")
        );
        Assert.True(
            rows[1].GetProperty("packed_bytes").GetInt64()
                < rows[0].GetProperty("packed_bytes").GetInt64()
        );
    }

    [Fact]
    public void Without_a_list_all_precisions_of_this_machine_are_timed()
    {
        string[] expected = KernelFamily.Choose(null).Bf16 is null
            ? ["fp32", "int8"]
            : ["fp32", "bf16", "int8"];
        Assert.Equal(
            expected,
            Rows(Run("-m", _toys.Bert(), "--shapes", "1x3", "--json"))
                .Select(r => r.GetProperty("precision").GetString())
        );
    }

    [Fact]
    public void An_encoder_without_a_classifier_is_timed_too() =>
        Assert.Single(
            Rows(Run("-m", _toys.Bare(), "--shapes", "1x3", "--precision", "fp32", "--json"))
        );

    [Fact]
    public void The_table_shows_what_was_asked_for()
    {
        string text = Run("-m", _toys.Bert(), "--shapes", "4x5", "--precision", "fp32")
            .Succeeds()
            .Out;
        Assert.Contains("median of 9 interleaved rounds", text);
        Assert.Matches(@"4x5 +fp32 +0\.50 \[0\.50, 0\.50\] +8000 ", text);
    }

    [Theory]
    [InlineData("--shapes", "40", "'40' is no shape; examples x tokens such as 32x40")]
    [InlineData("--shapes", "0x40", "'0x40' is no shape")]
    [InlineData("--shapes", "1x40,", "'' is no shape")]
    [InlineData("--shapes", "1x99999999999", "'1x99999999999' is no shape")]
    [InlineData("--shapes", "1x3,1x3", "--shapes has 1x3 twice; name each once.")]
    [InlineData("--shapes", "1x3,1x65", "--shapes has 1x65, and the model in")]
    [InlineData("--precision", "fp16", "'fp16' is no precision; fp32, bf16, int8 were expected.")]
    [InlineData("--precision", "fp32,fp32", "--precision has fp32 twice")]
    [InlineData("--threads", "0", "--threads is '0'")]
    public void What_cannot_be_timed_is_wrong_usage_in_one_sentence(
        string option,
        string value,
        string sentence
    )
    {
        Outcome outcome = Run("-m", _toys.Bert(), option, value).Refuses(ExitCode.Usage, sentence);
        Assert.Single(outcome.Sentences);
    }

    [Fact]
    public void Kernels_without_fast_bf16_are_named_where_it_is_asked_for()
    {
        KernelFamily? without = KernelFamily.All.FirstOrDefault(f =>
            f.IsSupported && f.Bf16 is null
        );
        Assert.SkipWhen(without is null, "All kernels of this machine have bf16.");
        Outcome outcome = CommandLine
            .Run(
                ["bench", "-m", _toys.Bert(), "--precision", "bf16"],
                [],
                new Dictionary<string, string> { ["ESPALIER_KERNELS"] = without.Name }
            )
            .Refuses(ExitCode.Usage, $"The kernels {without.Name} have no bf16");
        Assert.Single(outcome.Sentences);
    }
}
