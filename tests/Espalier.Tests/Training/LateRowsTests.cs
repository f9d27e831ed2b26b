using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tests.Goldens;
using Espalier.Training;

namespace Espalier.Tests.Training;

[Trait("tier", "golden")]
public sealed class LateRowsTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Rows_that_take_their_steps_late_end_with_the_same_bytes(string family)
    {
        const int steps = 25;
        Model[] ends = [Train(family, true, steps), Train(family, false, steps)];
        foreach (string name in ends[0].Parameters.Names)
        {
            Assert.True(
                ends[0].Parameters[name].Span.SequenceEqual(ends[1].Parameters[name].Span),
                $"{name} differs"
            );
        }
    }

    // Two tokens a step out of the whole vocabulary: most rows wait for many steps.
    static Model Train(string family, bool followRows, int steps)
    {
        Model model = ModelFolder.Load(Golden.Path("training", "bert")).Model;
        using Workers workers = new(2);
        KernelFamily kernels = KernelFamily.Choose(family);
        Tape tape = new(workers, kernels);
        ModelGraph graph = new(model, followRows: followRows);
        AdamW optimizer = new(
            graph.Trained,
            workers,
            kernels,
            TrainingOptions.Fast with
            {
                ClipNorm = 1e9, // the norm's last bit depends on which rows are summed
            }
        );
        for (int step = 0; step < steps; step++)
        {
            int a = step * 7 % model.Config.Vocabulary,
                b = step * step % model.Config.Vocabulary;
            Batch batch = new()
            {
                Ids = [a, b, a],
                TypeIds = [0, 0, 0],
                Starts = [0, 3],
                Labels = [step % 2],
            };
            tape.Begin();
            optimizer.Prepare(batch.Ids);
            Variable loss = tape.CrossEntropy(graph.Forward(tape, batch).LastLogits, batch.Labels);
            tape.Backward(loss);
            tape.WeightsChanged();
            optimizer.Step(0.01 / (step + 1), optimizer.GradientNorm());
            if (step == 11)
            {
                optimizer.CatchUp();
            }
        }

        optimizer.CatchUp();
        return model;
    }
}
