using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Kernels;

/// <summary>Attention of all forms against PyTorch, with the masks of transformers.</summary>
[Trait("tier", "golden")]
public sealed class AttentionGoldenTests
{
    public static TheoryData<string, int[], int[], AttentionForm> Cases =>
        new()
        {
            { "attention.open", [0, 5, 6, 15], [0, 5, 6, 15], new(2, 6) },
            { "attention.local", [0, 12, 15], [0, 12, 15], new(2, 8, Reach: 6 / 2) },
            { "attention.grouped", [0, 7, 11], [0, 7, 11], new(4, 8, KeyHeads: 2, Causal: true) },
            {
                "attention.cached",
                [0, 1, 4],
                [0, 9, 14],
                new(4, 8, KeyHeads: 2, Causal: true, Scale: 0.25f)
            },
            {
                "attention.sliding",
                [0, 13],
                [0, 13],
                new(2, 8, KeyHeads: 1, Causal: true, Reach: 4 - 1)
            },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_gradients_are_those_of_the_reference(
        string name,
        int[] queries,
        int[] keys,
        AttentionForm form
    )
    {
        KernelNumbers numbers = new(name);
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor q = numbers["q"],
                k = numbers["k"],
                v = numbers["v"],
                y = new(q.Shape),
                dq = new(q.Shape),
                dk = new(k.Shape),
                dv = new(k.Shape),
                probabilities = new(numbers["probabilities"].Shape),
                keySums = new(numbers["key_sums"].Shape);
            AttentionCall call = new(
                new(q),
                new(k),
                new(v),
                new(queries, queries.Length - 1),
                form,
                new(keys, keys.Length - 1)
            );
            family.Attention.Forward(workers, call, y, probabilities, keySums);
            family.Attention.Backward(
                workers,
                call,
                probabilities,
                numbers["dy"],
                new(dq),
                new(dk),
                new(dv)
            );
            numbers.Compare("y", y, family.Name);
            numbers.Compare("probabilities", probabilities, family.Name);
            numbers.Compare("key_sums", keySums, family.Name);
            numbers.Compare("dq", dq, family.Name);
            numbers.Compare("dk", dk, family.Name);
            numbers.Compare("dv", dv, family.Name);
        }
    }

    [Fact]
    public void The_loss_of_scores_is_that_of_TinyBERT()
    {
        KernelNumbers numbers = new("scores");
        Sequences sequences = new([0, 5, 6, 14], 3);
        using Workers workers = new(2);
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            Tensor q = numbers["q"],
                k = numbers["k"],
                scores = new(numbers["scores"].Shape),
                teacher = new(numbers["teacher"].Shape);
            Scores(numbers["teacher_q"], numbers["teacher_k"], new(2, 10), teacher);
            Scores(q, k, new(2, 6), scores);
            numbers.Compare("teacher", teacher, family.Name);
            numbers.Compare("scores", scores, family.Name);

            Tape tape = new(workers, family);
            tape.Begin();
            Variable queries = new(q, new Tensor(q.Shape)),
                keys = new(k, new Tensor(k.Shape)),
                loss = tape.ScoreLoss(queries, keys, teacher, sequences, new(2, 6));
            tape.Backward(loss);
            numbers.Compare("loss", loss.Value, family.Name);
            numbers.Compare("dq", queries.Gradient!, family.Name);
            numbers.Compare("dk", keys.Gradient!, family.Name);

            void Scores(Tensor of, Tensor with, AttentionForm form, Tensor to) =>
                family.Attention.Scores(
                    workers,
                    new(new(of), new(with), default, sequences, form),
                    to
                );
        }
    }
}
