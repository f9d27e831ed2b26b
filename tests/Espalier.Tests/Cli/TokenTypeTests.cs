using Espalier.Cli;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Cli;

/// <summary>Token types as the model's table has them; a type that it lacks is refused before work.</summary>
[Trait("tier", "golden")]
public sealed class TokenTypeTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public void RoBERTa_answers_a_pair_as_transformers_does_whatever_the_template_says()
    {
        string folder = Path.Combine(
            Repository.Root,
            "tests",
            "Espalier.Tests",
            "Goldens",
            "models",
            "roberta-pair"
        );
        Outcome outcome = CommandLine.Run(
            ["predict", "--model", folder, "--format", "json"],
            "{\"text\": \"good film\", \"text_pair\": \"bad card\"}"
        );
        double[] logits =
        [
            .. outcome
                .Succeeds()
                .JsonLines[0]
                .GetProperty("logits")
                .EnumerateArray()
                .Select(l => l.GetDouble()),
        ];
        double[] expected = [-1.78856, -1.43082, -0.56377]; // transformers 5.12.1
        Assert.All(logits.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-4));
    }

    [Theory]
    [InlineData("predict")]
    [InlineData("evaluate")]
    [InlineData("run")]
    public void A_type_that_the_table_lacks_is_refused(string command)
    {
        string folder = OneType();
        string data = _toys.Write(
            "pairs.csv",
            "a,b,label\nthe,good,LABEL_0\nthe,bad,LABEL_1\ngood,the,LABEL_2\nbad,the,LABEL_0\n"
        );
        string[] table = ["--text", "a", "--text-pair", "b", "--label", "label"];
        Outcome outcome = command switch
        {
            "predict" => CommandLine.Run(
                ["predict", "--model", folder, "--json"],
                "{\"text\": \"the\", \"text_pair\": \"good\"}"
            ),
            "evaluate" => CommandLine.Run(
                ["evaluate", "--model", folder, "--test", data, .. table],
                ""
            ),
            _ => CommandLine.Run(
                [
                    "run",
                    "O",
                    "--model",
                    folder,
                    "--train",
                    data,
                    "--test",
                    data,
                    .. table,
                    "--output",
                    _toys["out"],
                ],
                ""
            ),
        };
        outcome.Refuses(ExitCode.Refused, "token type 1", "type_vocab_size is 1");
    }

    [Fact]
    public void Single_texts_need_one_type_only() =>
        CommandLine.Run(["predict", "--model", OneType()], "the good").Succeeds();

    // The golden bert with the first row of its table alone.
    string OneType()
    {
        string folder = _toys.Bert();
        Model model = ModelFolder.Load(folder).Model;
        Parameters parameters = new();
        foreach (string name in model.Parameters.Names)
        {
            Tensor tensor = model.Parameters[name];
            if (name == Part.Type.Weight)
            {
                Tensor first = new(1, tensor.Shape[1]);
                tensor.Row(0).CopyTo(first.Row(0));
                tensor = first;
            }

            parameters.Add(name, tensor);
        }

        string cut = _toys["one-type"];
        ModelFolder.Save(
            model with
            {
                Config = model.Config with { Types = 1 },
                Parameters = parameters,
            },
            cut,
            new Dictionary<string, byte[]>
            {
                ["vocab.txt"] = File.ReadAllBytes(Path.Combine(folder, "vocab.txt")),
            }
        );
        return cut;
    }
}
