using System.Diagnostics;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Server;

[Trait("tier", "slow")]
public sealed class JavaScriptTests
{
    const string Version = "6.30.1";

    [Fact]
    public async Task OpenAIs_package_for_JavaScript_gets_texts_streams_models_and_refusals()
    {
        using TemporaryFolder folder = new();
        Outcome installed = await Run(
            folder.Path,
            "npm",
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            $"openai@{Version}"
        );
        Assert.SkipUnless(installed.Code == 0, $"npm installs nothing here: {installed.Text}");
        string script = folder.Write(
            "openai.js",
            File.ReadAllText(
                Path.Combine(Goldens.Repository.Root, "tests/Espalier.Tests/Server/openai.js")
            )
        );
        await using Serving serving = await Serving.Start();
        using LanguageModel direct = LanguageModel.Load(serving.WriterFolder);
        string expected = direct
            .Chat([new("user", "Hi")], new() { MaxTokens = 20 }, stop: Serving.Stop)
            .Text;

        Outcome asked = await Run(
            folder.Path,
            "node",
            script,
            serving.Address.ToString().TrimEnd('/')
        );

        Assert.True(asked.Code == 0, asked.Text);
        JsonElement answer = JsonDocument.Parse(asked.Text).RootElement;
        Assert.Equal(expected, answer.GetProperty("whole").GetString());
        Assert.Equal(expected, answer.GetProperty("streamed").GetString());
        Assert.Equal("length", answer.GetProperty("finish").GetString());
        Assert.Equal(20, answer.GetProperty("usage").GetInt32());
        Assert.Equal(
            direct.Generate("A tale", new() { MaxTokens = 8 }, stop: Serving.Stop).Text,
            answer.GetProperty("text").GetString()
        );
        Assert.Equal(
            ["toy", "writer"],
            answer.GetProperty("models").EnumerateArray().Select(m => m.GetString())
        );
        Assert.Equal(404, answer.GetProperty("missing").GetInt32());
    }

    sealed record Outcome(int Code, string Text);

    static async Task<Outcome> Run(string folder, string program, params string[] args)
    {
        ProcessStartInfo start = new(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(Serving.Stop);
            string text = await process.StandardOutput.ReadToEndAsync(Serving.Stop);
            await process.WaitForExitAsync(Serving.Stop);
            return new Outcome(process.ExitCode, process.ExitCode == 0 ? text : await error);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new Outcome(-1, e.Message);
        }
    }
}
