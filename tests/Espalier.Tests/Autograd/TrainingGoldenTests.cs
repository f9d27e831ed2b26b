using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Autograd;

/// <summary>Graph, gradients, clipping and AdamW together: six steps of PyTorch, parameter by parameter.</summary>
[Trait("tier", "golden")]
public sealed class TrainingGoldenTests
{
    const float PeakRate = 1e-3f;
    const int WarmUp = 2;

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Six_steps_of_AdamW_follow_the_reference(string family)
    {
        Model model = ModelFolder.Load(Golden.Path("training", "bert")).Model;
        using SafetensorsFile batches = SafetensorsFile.Open(
            Golden.Path("training", "bert", "batches.safetensors")
        );
        using JsonDocument facts = JsonDocument.Parse(
            File.ReadAllText(Golden.Path("training", "bert", "steps.json"))
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
        Optimized trained = new(model, decayed, workers, KernelFamily.Choose(family));
        for (int step = 1; step <= steps.Length; step++)
        {
            JsonElement expected = steps[step - 1];
            float rate = Rate(step - 1, steps.Length);
            Near(expected, "lr", rate, 1e-9, step);
            var (batch, _) = GoldenBatch.Read(batches, $"batch{step}.");
            var (loss, norm) = trained.Step(batch, step, rate);
            Near(expected, "loss", loss, 1e-5, step);
            Near(expected, "gradient_norm_before_clipping", norm, 2e-5, step);
            string after = Golden.Path("training", "bert", $"after{step}.safetensors");
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

    /// <summary>Up in a line to the peak over the first steps, then in a line to 0; step counts from 0.</summary>
    static float Rate(int step, int steps) =>
        step < WarmUp ? PeakRate * step / WarmUp : PeakRate * (steps - step) / (steps - WarmUp);

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
            double tolerance = stored.EndsWith("key.bias") ? 2e-4 : 5e-6;
            Close.To(
                model.Parameters[name],
                file.Read(stored),
                tolerance,
                0,
                $"{stored} after step {step}"
            );
        }
    }

    /// <summary>A model's parameters with the moments of AdamW.</summary>
    sealed class Optimized
    {
        readonly EncoderGraph _graph;
        readonly Tape _tape;
        readonly List<(Variable Parameter, Tensor First, Tensor Second, float Decay)> _moments = [];

        public Optimized(
            Model model,
            HashSet<string> decayed,
            Workers workers,
            KernelFamily kernels
        )
        {
            _graph = new EncoderGraph(model);
            _tape = new Tape(workers, kernels);
            foreach (var (name, variable) in _graph.Trained)
            {
                bool matrix = variable.Value.Shape.Rank == 2;
                Assert.Equal(decayed.Contains(model.Config.Family.FileName(name)), matrix);
                Shape shape = variable.Value.Shape;
                _moments.Add((variable, new(shape), new(shape), matrix ? 0.01f : 0));
            }
        }

        public (double Loss, double Norm) Step(Espalier.Data.Batch batch, int step, float rate)
        {
            _tape.Begin();
            Variable loss = _tape.CrossEntropy(
                _graph.Forward(_tape, batch).LastLogits,
                batch.Labels
            );
            _tape.Backward(loss);
            RowKernels rows = _tape.Kernels.Rows;
            double norm = Math.Sqrt(
                _moments.Sum(m => rows.SumOfSquares(_tape.Workers, m.Parameter.Gradient!))
            );
            float clipping = (float)Math.Min(1, 1 / (norm + 1e-6));
            foreach (var (parameter, first, second, decay) in _moments)
            {
                AdamWStep settings = new(
                    rate,
                    decay,
                    0.9f,
                    0.999f,
                    1e-8f,
                    (float)(1 - Math.Pow(0.9, step)),
                    (float)(1 - Math.Pow(0.999, step))
                );
                rows.AdamW(
                    _tape.Workers,
                    parameter.Value,
                    parameter.Gradient!,
                    first,
                    second,
                    settings,
                    clipping
                );
                Assert.Equal(0, Close.Largest(parameter.Gradient!));
            }

            _tape.WeightsChanged();
            return (loss.Value.Span[0], norm);
        }
    }
}
