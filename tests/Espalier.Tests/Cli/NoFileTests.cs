using Espalier.Cli;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli.Reports.Pages;

namespace Espalier.Tests.Cli;

/// <summary>In every place where a path is read: pipes, devices, sockets, folders and links to nothing are refused at once.</summary>
public sealed class NoFileTests : IDisposable
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    readonly ToyModels _toys = new();
    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _toys.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("zero")]
    [InlineData("random")]
    [InlineData("terminal")]
    [InlineData("socket")]
    [InlineData("folder")]
    [InlineData("nowhere")]
    public async Task What_is_no_file_is_refused_wherever_a_file_is_read(string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What there is beside files differs.");
        List<string> wrong = [];
        foreach (var (place, line) in Places(kind))
        {
            Task<Outcome> run = Task.Run(() => CommandLine.Run(line), Stop);
            try
            {
                Outcome outcome = await run.WaitAsync(Longest, Stop);
                if (outcome.Code != ExitCode.Refused || !outcome.Error.StartsWith("espalier: "))
                {
                    wrong.Add($"{place}: {outcome.Code} {outcome.Error}");
                }
            }
            catch (TimeoutException)
            {
                wrong.Add($"{place}: does not end");
                break;
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    IEnumerable<(string Place, string[] Line)> Places(string kind)
    {
        string model = _toys.Bert(),
            sound = _toys.Write("sound.csv", "text,label\na,x\nb,y\na c,x\nb d,y\n"),
            data = Things.Make(kind, _folder["a.csv"]);
        string[] columns =
        [
            "--text",
            "text",
            "--label",
            "label",
            "-m",
            model,
            "-o",
            _folder["out"],
        ];
        yield return ("--train", ["run", "O", "--train", data, "--test", sound, .. columns]);
        yield return ("--test", ["run", "O", "--train", sound, "--test", data, .. columns]);
        yield return (
            "--validation",
            ["run", "O", "--train", sound, "--test", sound, "--validation", data, .. columns]
        );
        yield return (
            "the corpus of V",
            ["run", $"OV(corpus={data})", "--train", sound, "--test", sound, .. columns]
        );
        yield return ("a recipe", ["study", data]);
        yield return ("--replay", ["plan", "--max-ms", "5", "--replay", data]);
        yield return ("a report's file", ["report", data, "-o", _folder["x.html"]]);
        foreach (
            string name in (string[])
                [
                    "config.json",
                    "model.safetensors",
                    "espalier.json",
                    "vocab.txt",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                ]
        )
        {
            string folder = _toys.Bert("with-" + name);
            File.Delete(Path.Combine(folder, name));
            Things.Make(kind, Path.Combine(folder, name));
            yield return ($"{name} of a model", ["predict", sound, "--text", "text", "-m", folder]);
        }

        foreach (string name in (string[])["measurements.json", "run.json", "stages.json"])
        {
            string folder = Directory.CreateDirectory(_folder["report-" + name]).FullName;
            if (name == "stages.json")
            {
                File.WriteAllBytes(
                    Path.Combine(folder, "measurements.json"),
                    SyntheticStudy.Json([.. SyntheticStudy.Of().Take(1)])
                );
            }

            Things.Make(kind, Path.Combine(folder, name));
            yield return ($"{name} of a report", ["report", folder]);
        }

        string store = Directory.CreateDirectory(_folder["store"]).FullName;
        Things.Make(kind, Path.Combine(store, "FORMAT"));
        yield return ("FORMAT of a store", ["store", "verify", store]);
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;
}
