using System.Text;
using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Kernels;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Tests.Models;

/// <summary>Running text that a model of a few thousand weights can learn something of.</summary>
static class ToyCorpus
{
    public const int Window = 32;

    public static TaskDefinition Definition { get; } =
        CorpusFiles.Define("toy-text", "What was good or bad", "made here");

    public static TaskData Data { get; } =
        new(Definition, Part("train", 60, 1), Part("validation", 20, 2), Part("test", 20, 3));

    public static TrainingOptions Training { get; } =
        new()
        {
            Rate = 3e-3,
            Epochs = 2,
            BatchSize = 4,
        };

    public static string Text(int sentences, ulong seed)
    {
        Rng rng = new(seed);
        string[] things = ["bird", "worm", "leaf", "tree"],
            words = ["good", "green", "old"];
        StringBuilder text = new();
        for (ulong i = 0; i < (ulong)sentences; i++)
        {
            text.Append(
                $"the {things[rng.Below(4, 2 * i)]} was {words[rng.Below(3, 2 * i + 1)]} .\n"
            );
        }

        return text.ToString();
    }

    public static OperatorContext Context(ToyWriter writer, Workers workers, ulong seed = 1) =>
        new(
            new EncodedTask(Data, writer.Model.Tokenizer!, Window),
            Training,
            new Rng(seed),
            workers,
            KernelFamily.Best
        );

    static Split Part(string name, int sentences, ulong seed) =>
        new(name, [new Example(Text(sentences, seed))]);
}
