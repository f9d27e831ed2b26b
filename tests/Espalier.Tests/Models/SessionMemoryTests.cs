using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

public sealed class SessionMemoryTests
{
    public static TheoryData<string, Precision, int, int> Cases
    {
        get
        {
            TheoryData<string, Precision, int, int> cases = [];
            foreach (
                KernelFamily family in KernelFamily.All.Where(f =>
                    f.IsSupported && f.Name != "reference" // plain loops run delegates
                )
            )
            {
                foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Int8])
                {
                    foreach (int threads in (int[])[1, 2])
                    {
                        cases.Add(family.Name, precision, threads, 1);
                        cases.Add(family.Name, precision, threads, 32);
                    }
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_session_that_has_seen_a_batch_allocates_nothing_for_the_next(
        string family,
        Precision precision,
        int threads,
        int count
    )
    {
        Model toy = Toy.Make(Toy.Config with { ExitPooling = Pooling.Mean });
        Model model = new(toy.Config, toy.Parameters, new Traits(precision, DynamicLength: true));
        using Workers workers = new(threads);
        Session session = new(model, workers, KernelFamily.Choose(family), null);
        int[] starts = new int[count + 1];
        for (int s = 0; s < count; s++)
        {
            starts[s + 1] = starts[s] + 1 + s * 7 % 20;
        }

        int[] ids = [.. Enumerable.Range(0, starts[count]).Select(i => 5 + i * 13 % 50)];
        Batch batch = new()
        {
            Ids = ids,
            TypeIds = new int[ids.Length],
            Starts = starts,
        };
        Tensor logits = new(count, model.Config.Outputs);
        int[] exits = new int[count];

        // Half of the answers are surer than the middle one: some leave at the first exit, some do not.
        session.Run(batch, Effort.Parse("confidence:1"), logits, exits);
        Effort[] efforts = [Effort.Full, .. Middle(model, session, batch)];

        long allocated = Allocation.Least(() =>
        {
            for (int round = 0; round < 10; round++)
            {
                foreach (Effort effort in efforts)
                {
                    session.Run(batch, effort, logits, exits);
                }
            }
        });
        Assert.True(allocated == 0, $"{family}, {precision}, {count}: {allocated} bytes");
        Assert.True(
            count == 1 || exits.Distinct().Count() > 1,
            $"all left at exit {exits[0]}: the batch was never made smaller"
        );
    }

    static Effort[] Middle(Model model, Session session, Batch batch)
    {
        Tensor all = new(batch.Count, model.Config.ExitCount * model.Config.Outputs);
        session.RunAllExits(batch, all);
        double[] sure =
        [
            .. Enumerable
                .Range(0, batch.Count)
                .Select(s => 1 / (1 + Math.Exp(-Math.Abs(all.Row(s)[0] - all.Row(s)[1]))))
                .Order(),
        ];
        return [new Effort(ExitRule.Confidence, sure[sure.Length / 2])];
    }
}
