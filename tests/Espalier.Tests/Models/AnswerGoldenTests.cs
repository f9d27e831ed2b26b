using System.Text.Json;
using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Models;

/// <summary>Folders whose config decides the answer, against transformers 5.12.1 (for pruned heads: its layer with one head).</summary>
[Trait("tier", "golden")]
public sealed class AnswerGoldenTests
{
    const double Tolerance = 1e-4;

    public static TheoryData<string> Folders =>
        ["roberta-padding-is-bos", "distilbert-epsilon", "bert-pruned-heads"];

    [Theory, MemberData(nameof(Folders))]
    public void The_session_and_the_graph_answer_as_transformers_does(string name)
    {
        var (model, batch, expected) = Read(Golden.Own("answers", name));
        using Workers workers = new(1);
        Assert.All(
            Answers(model, batch, workers).Zip(expected),
            pair => Assert.Equal(pair.Second, pair.First, Tolerance)
        );
        Tape tape = new(workers, KernelFamily.Best);
        tape.Begin();
        float[] graph = new ModelGraph(model).Forward(tape, batch).LastLogits.Value.Span.ToArray();
        Assert.All(graph.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, Tolerance));
    }

    [Theory, MemberData(nameof(Folders))]
    public void Written_and_read_again_they_answer_the_same(string name)
    {
        var (model, batch, _) = Read(Golden.Own("answers", name));
        string folder = Directory.CreateTempSubdirectory("espalier-").FullName;
        try
        {
            string copy = Path.Combine(folder, "copy");
            ModelFolder.Save(model, copy, new Dictionary<string, byte[]>());
            using Workers workers = new(1);
            Assert.Equal(
                Answers(model, batch, workers),
                Answers(ModelFolder.Load(copy).Model, batch, workers)
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static float[] Answers(Model model, Batch batch, Workers workers)
    {
        Session session = new(model, workers, KernelFamily.Best, null);
        Tensor logits = new(1, model.Config.Outputs);
        session.Run(batch, Effort.Full, logits, new int[1]);
        return logits.Span.ToArray();
    }

    static (Model, Batch, double[]) Read(string folder)
    {
        using JsonDocument said = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(folder, "said.json"))
        );
        TokenIds ids = Tokenizer
            .Load(folder)
            .EncodeIds(said.RootElement.GetProperty("text").GetString()!);
        Batch batch = new()
        {
            Ids = ids.Ids,
            TypeIds = ids.TypeIds,
            Starts = [0, ids.Ids.Length],
        };
        return (
            ModelFolder.Load(folder).Model,
            batch,
            [.. said.RootElement.GetProperty("logits").EnumerateArray().Select(l => l.GetDouble())]
        );
    }
}
