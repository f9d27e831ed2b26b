using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Training;

/// <summary>Graph, gradients, clipping and AdamW together: six steps of PyTorch, parameter by parameter.</summary>
[Trait("tier", "golden")]
public sealed class AdamWGoldenTests
{
    static readonly TrainingOptions Options = new() { Rate = 1e-3, WarmUp = 2.0 / 6 };

    public static TheoryData<string, string> Families
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
            {
                cases.Add("bert", family.Name);
                cases.Add("gpt2", family.Name);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Six_steps_of_AdamW_follow_the_reference(string name, string family)
    {
        Model model = ModelFolder.Load(Golden.Path("training", name)).Model;
        using SafetensorsFile batches = SafetensorsFile.Open(
            Golden.Path("training", name, "batches.safetensors")
        );
        using JsonDocument facts = JsonDocument.Parse(
            File.ReadAllText(Golden.Path("training", name, "steps.json"))
        );
        JsonElement[] steps = [.. facts.RootElement.GetProperty("steps_float64").EnumerateArray()];
        HashSet<string> decayed =
        [
            .. facts
                .RootElement.GetProperty("decayed")
                .EnumerateArray()
                .Select(n => n.GetString()!),
        ];
        using Workers workers = new(2);
        KernelFamily kernels = KernelFamily.Choose(family);
        Tape tape = new(workers, kernels);
        ModelGraph graph = new(model);
        AdamW optimizer = new(graph.Trained, workers, kernels, Options);
        foreach (AdamW.Slot slot in optimizer.Slots)
        {
            Assert.Equal(
                decayed.Contains(model.Config.Family.FileName(slot.Name)),
                Part.Decays(slot.Name)
            );
        }

        for (int step = 1; step <= steps.Length; step++)
        {
            JsonElement expected = steps[step - 1];
            var (batch, _) = GoldenBatch.Read(batches, $"batch{step}.");
            tape.Begin();
            optimizer.Prepare(batch.Ids.AsSpan(0, batch.Tokens));
            Variable logits = graph.Forward(tape, batch).LastLogits,
                loss = model.Config.IsLanguage
                    ? tape.NextToken(logits, batch.NextTokens())
                    : tape.CrossEntropy(logits, batch.Labels);
            tape.Backward(loss);
            double norm = optimizer.GradientNorm(),
                rate = Options.RateAt(step - 1, steps.Length);
            optimizer.Step(rate, norm);
            tape.WeightsChanged();
            optimizer.CatchUp();

            Near(expected, "lr", rate, 1e-9, step);
            Near(expected, "loss", loss.Value.Span[0], 1e-5, step);
            Near(expected, "gradient_norm_before_clipping", norm, 2e-5, step);
            Assert.All(graph.Trained, p => Assert.Equal(0, Close.Largest(p.Variable.Gradient!)));
            string after = Golden.Path("training", name, $"after{step}.safetensors");
            if (File.Exists(after))
            {
                using SafetensorsFile file = SafetensorsFile.Open(after);
                AssertParameters(model, file, step);
            }
        }
    }

    [Fact]
    public void There_are_parameters_to_compare_after_the_first_second_and_last_step()
    {
        foreach (int step in (int[])[1, 2, 6])
        {
            string path = Golden.Path("training", "bert", $"after{step}.safetensors");
            Assert.True(File.Exists(path), $"{path} is missing");
        }
    }

    static void Near(JsonElement step, string field, double actual, double tolerance, int number)
    {
        double expected = step.GetProperty(field).GetDouble();
        Assert.True(
            Math.Abs(actual - expected) <= tolerance,
            $"step {number}: {field} is {actual:r}, expected {expected:r} ± {tolerance}"
        );
    }

    static void AssertParameters(Model model, SafetensorsFile file, int step)
    {
        foreach (string name in model.Parameters.Names)
        {
            string stored = model.Config.Family.FileName(name);
            var (_, piece, pieces, turned) = model.Config.Family.NameOf(Part.Of(name));
            double tolerance = name.EndsWith("key.bias") ? 2e-4 : 5e-6;
            Tensor whole = file.Read(stored);
            whole = turned && whole.Shape.Rank == 2 ? whole.Transposed() : whole;
            int count = whole.Count / pieces;
            Close.To(
                model.Parameters[name].Span,
                whole.Span.Slice(piece * count, count),
                tolerance,
                0,
                $"{stored} after step {step}"
            );
        }
    }
}
