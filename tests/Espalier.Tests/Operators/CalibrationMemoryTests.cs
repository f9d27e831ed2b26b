using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Asks the whole process for its memory, so nothing else may run beside it.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

[Collection("alone")]
public sealed class CalibrationMemoryTests : IDisposable
{
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    [Fact]
    public void Memory_stays_below_the_bound_however_many_layers_there_are()
    {
        ModelConfig config = Toy.Config with
        {
            Layers = [.. Enumerable.Repeat(Toy.Config.Layers[0], 12)],
        };
        Model model = Toy.Make(config);
        OperatorContext context = Toy.Context(_workers);
        IReadOnlyList<Batch> batches = CalibrationRun.Examples(context, 96);
        long bound = CalibrationRun.Bound(config, batches),
            before = GC.GetTotalMemory(forceFullCollection: true);

        // Buffers and packed layers have ends of their own; a layer's states alone would be as much again.
        const long slack = 256 << 10;
        List<long> held = [];
        CalibrationRun.Run(
            model,
            batches,
            context,
            (now, _, moments) =>
            {
                held.Add(GC.GetTotalMemory(forceFullCollection: true) - before);
                Assert.Equal(4, moments.Count);
                return now;
            }
        );
        Assert.Equal(12, held.Count);
        Assert.All(held, bytes => Assert.InRange(bytes, long.MinValue, bound + slack));
        Assert.InRange(held[^1] - held[1], long.MinValue, 128 << 10);
    }
}
