using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>Behind the last attention rows that the head does not read are left out; nobody may see that in an answer.</summary>
public class LastLayerTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory, MemberData(nameof(Families))]
    public void Rows_that_the_head_does_not_read_change_no_answer(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(2);
        Block first = Toy.Config.Layers[0] with { NormsFirst = true };
        ModelConfig[] configs =
        [
            Toy.Config,
            Toy.Config with
            {
                ExitPooling = Pooling.Mean,
            },
            Toy.Config with
            {
                Layers = [first, first],
                FinalNorm = first.Norm,
            },
            Toy.Config with
            {
                Layers =
                [
                    .. Toy.Config.Layers.Select(l =>
                        l with
                        {
                            Attention = l.Attention with { Keeps = 3 },
                        }
                    ),
                ],
            },
        ];
        Traits[] traits =
        [
            new(),
            new(DynamicLength: true),
            new(Precision.Int8, DynamicLength: true),
            new(Precision.Int8),
        ];
        foreach (ModelConfig config in configs)
        {
            foreach (Traits each in traits)
            {
                Session session = new(Toy.Make(config) with { Traits = each }, workers, family, 16);
                Batch batch = new EncodedTask(Toy.Data, Toy.Tokenizer, 16).Test.Take([0, 7, 20, 3]);
                Tensor answers = new(batch.Count, config.ExitCount * config.Outputs),
                    whole = new(answers.Shape);
                List<int> rows = [];
                session.RunAllExits(batch, whole, (_, x) => rows.Add(x.Rows));
                session.RunAllExits(batch, answers);
                Assert.True(rows[^1] > batch.Count, "One who looks on sees all rows.");
                for (int i = 0; i < whole.Count; i++)
                {
                    Assert.Equal(whole.Span[i], answers.Span[i], 2e-6f);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void A_text_is_answered_bit_for_bit_as_it_is_alone(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(2);
        ModelConfig config = Toy.Config with
        {
            Hidden = 96,
            Layers = [Block.Bert(4, 24, 200), Block.Bert(3, 24, 130)],
        };
        EncodedSplit texts = new EncodedTask(Toy.Data, Toy.Tokenizer, 16).Test;
        int[] which = [.. Enumerable.Range(0, 9)];
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Int8])
        {
            Model model = Toy.Make(config) with { Traits = new(precision, DynamicLength: true) };
            Session session = new(model, workers, family, null);
            Tensor together = new(which.Length, config.Outputs),
                alone = new(1, config.Outputs);
            int[] exits = new int[which.Length];
            session.Run(texts.Take(which), Effort.Full, together, exits);
            foreach (int text in which)
            {
                session.Run(texts.Take([text]), Effort.Full, alone, exits);
                Assert.Equal(together.Row(text).ToArray(), alone.Row(0).ToArray());
            }
        }
    }
}
