using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Benchmarks.Peers;

/// <summary>The token ids that both sides read.</summary>
static class Batches
{
    const int Size = 32;

    /// <summary>Sequences of one length with ids drawn from the whole vocabulary.</summary>
    public static Batch Drawn(ModelConfig config, int sequences, int tokens, Rng rng)
    {
        int[] ids = new int[sequences * tokens];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = rng.Below(config.Vocabulary, (ulong)i);
        }

        return new Batch
        {
            Ids = ids,
            TypeIds = new int[ids.Length],
            Starts = [.. Enumerable.Range(0, sequences + 1).Select(s => s * tokens)],
        };
    }

    /// <summary>The test split in shuffled batches of 32, as requests come: no batch knows its lengths beforehand.</summary>
    public static IReadOnlyList<Batch> Mrpc(string data, Model model, Rng rng)
    {
        TaskData task = Tasks.Load("mrpc", Path.Combine(data, "mrpc"));
        EncodedSplit split = EncodedSplit.From(
            task.Test,
            task.Task.Kind,
            model.Tokenizer!,
            task.Task.MaxLength
        );
        return [.. split.Shuffled(rng).Chunk(Size).Select(chunk => split.Take(chunk))];
    }
}
