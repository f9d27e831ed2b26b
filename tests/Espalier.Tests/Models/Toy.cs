using Espalier.Data;
using Espalier.Data.Metrics;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Families;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Text;
using Espalier.Training;

namespace Espalier.Tests.Models;

/// <summary>A model, tokenizer and task small enough to train in a fraction of a second.</summary>
static class Toy
{
    static readonly string[] Words =
    [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        .. "abcdefghijklmnopqrstuvwxyz".Select(c => $"{c}"),
        .. "abcdefghijklmnopqrstuvwxyz".Select(c => $"##{c}"),
        "good",
        "fine",
        "great",
        "bad",
        "poor",
        "awful",
        "the",
        "food",
        "was",
        "film",
        "and",
        "not",
    ];

    public static Tokenizer Tokenizer { get; } = MakeTokenizer();

    public static TaskDefinition Definition { get; } =
        new(
            "toy",
            "good or bad",
            new Labelled(["bad", "good"]),
            [Metric.Accuracy],
            false,
            "made here"
        );

    public static TaskData Data { get; } =
        new(Definition, Examples("train", 96, 1), null, Examples("test", 48, 2));

    public static ModelConfig Config { get; } =
        new()
        {
            Family = Family.All[0],
            Vocabulary = Tokenizer.VocabularySize,
            Hidden = 32,
            Layers =
            [
                .. Enumerable.Repeat(
                    Block.Bert(4, 8, 64, dropout: 0.1f, attentionDropout: 0.1f),
                    2
                ),
            ],
            Positions = 24,
            Types = 2,
            EmbeddingDropout = 0.1f,
            Head = new ClassifierSpec { Dropout = 0.1f },
            Labels = Definition.Labels,
        };

    /// <summary>The block with these dropouts.</summary>
    public static Block Dropping(Block block, float hidden, float attention) =>
        block with
        {
            Attention = block.Attention with { Dropout = attention, OutputDropout = hidden },
            Mlp = block.Mlp with { OutputDropout = hidden },
        };

    public static Model Model { get; } = Make(Config);

    public static TrainingOptions Training { get; } =
        new()
        {
            Rate = 2e-3,
            Epochs = 2,
            BatchSize = 8,
        };

    public static Model Make(ModelConfig config, ulong seed = 5)
    {
        Parameters parameters = new();
        foreach (var (name, shape) in config.Shapes())
        {
            Tensor tensor = new(shape);
            Rng rng = new Rng(seed).Split(name);
            bool norm = name.Contains("norm.weight");
            for (int i = 0; i < tensor.Count; i++)
            {
                tensor.Span[i] =
                    norm ? 1
                    : shape.Rank == 1 ? 0
                    : 0.1f * rng.Normal((ulong)i);
            }

            parameters.Add(name, tensor);
        }

        return new Model(config, parameters, new Traits()) { Tokenizer = Tokenizer };
    }

    public static OperatorContext Context(Workers workers, ulong seed = 1) =>
        new(
            new EncodedTask(Data, Tokenizer, 16),
            Training,
            new Rng(seed),
            workers,
            KernelFamily.Best
        );

    public static float[] Logits(Model model, Workers workers)
    {
        EncodedTask task = new(Data, model.Tokenizer!, 16);
        Session session = new(model, workers, KernelFamily.Best, 16);
        Batch batch = task.Test.Take([.. Enumerable.Range(0, task.Test.Count)]);
        Tensor logits = new(batch.Count, model.Config.ExitCount * model.Config.Outputs);
        session.RunAllExits(batch, logits);
        return logits.Span.ToArray();
    }

    static Split Examples(string name, int count, ulong seed)
    {
        Rng rng = new(seed);
        string[] good = ["good", "fine", "great"],
            bad = ["bad", "poor", "awful"],
            things = ["food", "film"];
        return new Split(
            name,
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i =>
                    {
                        int label = rng.Below(2, (ulong)(3 * i));
                        string word = (label == 1 ? good : bad)[rng.Below(3, (ulong)(3 * i + 1))];
                        string thing = things[rng.Below(2, (ulong)(3 * i + 2))];
                        return new Example(
                            $"the {thing} was {word} {(char)('a' + i % 26)}",
                            Label: label
                        );
                    }),
            ]
        );
    }

    static Tokenizer MakeTokenizer()
    {
        string folder = Directory.CreateTempSubdirectory("espalier-toy").FullName;
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Words);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        Directory.Delete(folder, recursive: true);
        return tokenizer;
    }
}
