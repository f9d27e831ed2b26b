using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Operators;

[Trait("tier", "golden")]
public sealed class ImportanceGoldenTests
{
    [Fact]
    public void Scores_of_heads_and_neurons_are_those_of_the_reference()
    {
        using SafetensorsFile file = SafetensorsFile.Open(
            Golden.Path("importance", "importance.safetensors")
        );
        Model model = ModelFolder.Load(Golden.Path("models", "bert")).Model;
        using Workers workers = new(2);
        Importance importance = Importance.Of(
            new Learner(model, new Tape(workers, KernelFamily.Best)),
            Batches(file)
        );
        Same(importance.Heads, file, "head.michel.sum_over_examples");
        Same(Importance.Normalized(importance.Heads), file, "head.michel.normalized");
        Same(importance.HeadBatches, file, "head.batch_gradient.sum");
        Same(
            Importance.Normalized([
                .. importance.HeadBatches.Select(l =>
                    l.Select(s => s / importance.Tokens).ToArray()
                ),
            ]),
            file,
            "head.fastformers.per_token_normalized"
        );
        Same(importance.Neurons, file, "ffn.fastformers");
        Same(importance.NeuronsBothSides, file, "ffn.dynabert");
    }

    [Fact]
    public void Rewiring_keeps_the_right_rows_and_columns_and_the_logits_of_the_reference()
    {
        using JsonDocument facts = JsonDocument.Parse(
            File.ReadAllText(Golden.Path("importance", "importance.json"))
        );
        using SafetensorsFile file = SafetensorsFile.Open(
            Golden.Path("importance", "importance.safetensors")
        );
        using SafetensorsFile weights = SafetensorsFile.Open(
            Golden.Path("importance", "rewired.safetensors")
        );
        Model model = ModelFolder.Load(Golden.Path("models", "bert")).Model;
        Kept kept = Kept.All(model.Config) with
        {
            Heads = Lists("kept_heads"),
            Neurons = Lists("kept_ffn"),
        };
        Model small = kept.Of(model);
        small.Check();
        foreach (string name in small.Parameters.Names)
        {
            Assert.Equal(
                weights.Read(small.Config.Family.FileName(name)).Span.ToArray(),
                small.Parameters[name].Span.ToArray()
            );
        }

        using Workers workers = new(1);
        Session session = new(small, workers, KernelFamily.Best, null);
        int b = 0;
        foreach (Batch batch in Batches(file))
        {
            Tensor logits = new(batch.Count, small.Config.Outputs);
            session.Run(batch, Effort.Full, logits, new int[batch.Count]);
            Close.To(logits, file.Read($"rewired.batch{++b}.logits"), 2e-5, 1e-4, $"batch {b}");
        }

        int[][] Lists(string name) =>
            [
                .. facts
                    .RootElement.GetProperty(name)
                    .EnumerateArray()
                    .Select(l => l.EnumerateArray().Select(e => e.GetInt32()).ToArray()),
            ];
    }

    static IEnumerable<Batch> Batches(SafetensorsFile file)
    {
        for (int b = 1; file.Find($"batch{b}.input_ids") is not null; b++)
        {
            yield return GoldenBatch.Read(file, $"batch{b}.").Batch;
        }
    }

    static void Same(IReadOnlyList<double[]> actual, SafetensorsFile file, string name) =>
        Close.To(
            [.. actual.SelectMany(l => l).Select(s => (float)s)],
            file.Read(name).Span,
            1e-6,
            1e-4,
            name
        );
}
