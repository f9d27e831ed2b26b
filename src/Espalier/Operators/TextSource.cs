using System.Runtime.InteropServices;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>What a language model learns from: the text of the task, that of a file, or one that its teacher writes.</summary>
/// <param name="From"><c>task</c>, <c>self</c>, or a file.</param>
/// <param name="Tokens">That a teacher writes.</param>
/// <remarks>
/// A teacher writes as in LLM-QAT (Liu et al. 2023, arXiv 2305.17888, section 3.1): the first token is drawn from the vocabulary, the next
/// ones are its likeliest until there are 3 to 5, all others are drawn from what it says. A text is as long as a window of the task; where
/// the teacher ends one, it goes on with another in the same window, as in the windows that it learned from itself.
/// </remarks>
public sealed record TextSource(string From, int Tokens)
{
    const string OfTask = "task";
    const string Self = "self";
    const int UsualTokens = 1 << 17;

    // They take their steps together.
    const int AtOnce = 16;

    public static TextSource Task { get; } = new(OfTask, UsualTokens);

    public IReadOnlyList<string> Inputs => From is OfTask or Self ? [] : [From];

    /// <summary>Tokens that are written; null where there is text.</summary>
    public int? Written => From == Self ? Tokens : null;

    /// <summary>Why an operator cannot take it for such a model; null: it can.</summary>
    public string? Problem(Operator of, ModelConfig config) =>
        From == OfTask || config.IsLanguage
            ? null
            : $"{of.Name}(data={From}) learns from running text, and a {config.Family.ModelType} model from the examples of its task; leave data out.";

    /// <summary>The context in which this is what is trained on.</summary>
    public OperatorContext For(Model teacher, OperatorContext context) =>
        From == OfTask
            ? context
            : context with
            {
                Task = context.Task.Learning(
                    From == Self ? WrittenBy(teacher, context) : Read(context.Task)
                ),
            };

    EncodedSplit Read(EncodedTask task) =>
        EncodedSplit.From(
            new Split("file", [new Example(TextCorpus.Read(From).Text)]),
            new Corpus(),
            task.Tokenizer,
            task.MaxLength
        );

    /// <summary>Texts that were written before the stage was killed are read.</summary>
    EncodedSplit WrittenBy(Model teacher, OperatorContext context)
    {
        int length = context.Task.MaxLength,
            count = (Tokens + length - 1) / length;
        using RecordFile texts = context.Records(
            "written.bin",
            $"{Tokens}",
            Enumerable.Repeat(sizeof(int) * length, count)
        );
        int[] ids = new int[count * length];
        Lazy<Generator> writer = new(() =>
        {
            context.Note?.Invoke(
                $"The teacher writes {count} texts of {length} tokens, as data=self asks; they are kept until the stage is done."
            );
            return new Generator(
                new PackedModel(Teacher.Whole(teacher), context.Workers, context.Kernels),
                context.Workers
            );
        });
        for (int first = 0; first < count; first += AtOnce)
        {
            // The same texts stand beside each other each time, whatever was there before.
            int[] some = [.. Enumerable.Range(first, Math.Min(AtOnce, count - first))];
            if (!some.All(t => texts.TryRead(t, MemoryMarshal.AsBytes(Of(t)))))
            {
                foreach (var (text, own) in some.Zip(Write(writer.Value, some, length, context)))
                {
                    own.CopyTo(Of(text));
                    texts.Write(text, MemoryMarshal.AsBytes(Of(text)));
                }
            }
        }

        return EncodedSplit.Of(
            Self,
            new Batch
            {
                Ids = ids,
                TypeIds = new int[ids.Length],
                Starts = [.. Enumerable.Range(0, count + 1).Select(t => t * length)],
            }
        );

        Span<int> Of(int text) => ids.AsSpan(text * length, length);
    }

    static int[][] Write(Generator writer, int[] texts, int length, OperatorContext context)
    {
        int vocabulary = Math.Min(
            writer.Model.Config.Vocabulary,
            context.Task.Tokenizer.VocabularySize
        );
        Rng[] chance = [.. texts.Select(t => context.Rng.Split("written").Split((ulong)t))];
        int[][] written = [.. chance.Select(c => new[] { c.Below(vocabulary, 0) })];
        GoOn(i => Math.Min(length, 3 + chance[i].Below(3, 1)), _ => new SamplingOptions());
        GoOn(
            _ => length,
            i => new SamplingOptions { Temperature = 1, Seed = chance[i].Split("draws").Key }
        );
        return written;

        void GoOn(Func<int, int> until, Func<int, SamplingOptions> how)
        {
            int[] some =
            [
                .. Enumerable.Range(0, texts.Length).Where(i => written[i].Length < until(i)),
            ];
            Generation[] going =
            [
                .. some.Select(i =>
                    writer.Begin(
                        written[i],
                        how(i) with
                        {
                            EndIds = [],
                            MaxTokens = until(i) - written[i].Length,
                        }
                    )
                ),
            ];
            while (writer.Step(going))
            {
                context.Stop.ThrowIfCancellationRequested();
            }

            foreach (var (i, text) in some.Zip(going))
            {
                written[i] = [.. written[i], .. text.Ids];
            }
        }
    }

    /// <summary>Options of every operator that learns.</summary>
    public static IReadOnlyList<Option> Options<T>(
        Func<T, TextSource> get,
        Func<T, TextSource, T> with
    )
        where T : Operator =>
        [
            Option.Text<T>(
                "data",
                "Of a language model: what is learned from, the task's text, a file's, or text that the teacher writes itself.",
                "task, self or a file",
                o => get(o).From,
                (o, text) => text.Length == 0 ? null : with(o, get(o) with { From = text })
            ) with
            {
                Later = true,
            },
            Option.Number<T>(
                "tokens",
                "Tokens of text that the teacher writes where data is self.",
                2,
                1 << 28,
                o => get(o).Tokens,
                (o, value) => with(o, get(o) with { Tokens = (int)value })
            ) with
            {
                Later = true,
            },
        ];
}
