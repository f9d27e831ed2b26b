using System.Diagnostics;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Export;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Text;
using Microsoft.ML.OnnxRuntime;

namespace Espalier.Cli.Commands;

/// <summary>How far ONNX Runtime's answers to some texts are from Espalier's.</summary>
/// <param name="Form">How the texts were given.</param>
sealed record Agreement(string Form, int Texts)
{
    /// <summary>The largest of two logits; not a number where one of them is none.</summary>
    public double Difference { get; private set; }

    /// <summary>Texts of which both say the same class, or the same next token.</summary>
    public int EqualLabels { get; private set; }

    /// <summary>Texts that left at the same exit; null: none may leave early.</summary>
    public int? EqualExits { get; set; }

    /// <summary>Of a text.</summary>
    public double OnnxMilliseconds { get; set; }

    /// <inheritdoc cref="OnnxMilliseconds"/>
    public double OurMilliseconds { get; set; }

    public void Compare(ReadOnlySpan<float> theirs, ReadOnlySpan<float> ours)
    {
        for (int i = 0; i < ours.Length; i++)
        {
            // NaN is larger than all.
            Difference = Math.Max(Difference, Math.Abs(theirs[i] - ours[i]));
        }
    }

    public void CompareLabels(ReadOnlySpan<float> theirs, ReadOnlySpan<float> ours) =>
        EqualLabels += Effort.Largest(theirs) == Effort.Largest(ours) ? 1 : 0;
}

/// <summary>Gives the same texts to ONNX Runtime and to Espalier, one alone after the other, and padded beside each other.</summary>
sealed class ExportCheck(string path, int padId, int threads, CancellationToken stop)
{
    const int Together = 25;
    const int SequencesTogether = 4;

    /// <summary>A classifier's answers.</summary>
    public IReadOnlyList<Agreement> Classifier(
        Classifier model,
        IReadOnlyList<Example> texts,
        OnnxOptions options
    )
    {
        Batch[] alone = Batches(model.Tokenizer, texts, model.MaxLength, 1),
            padded = Batches(model.Tokenizer, texts, model.MaxLength, Together);

        // One after the other, since threads of both wait for work by spinning.
        Answers[] ours = [Ours(alone), Ours(padded)];
        using OnnxRuntimeModel onnx = new(path, threads);
        Answers[] theirs = [Theirs(alone), Theirs(padded)];
        return
        [
            Compared("alone", theirs[0], ours[0]),
            Compared($"{Together} padded", theirs[1], ours[1]),
        ];

        Answers Ours(Batch[] batches)
        {
            ModelConfig config = model.Config;
            int columns =
                config.Outputs * (options.Exits == ExitForm.Outputs ? config.ExitCount : 1);
            return Timed(
                batches,
                batch =>
                {
                    Tensor logits = new(batch.Count, columns);
                    int[] exits = new int[batch.Count];
                    if (options.Exits == ExitForm.Outputs)
                    {
                        model.Session.RunAllExits(batch, logits);
                    }
                    else
                    {
                        Effort effort = options.Exits == ExitForm.If ? options.Effort : Effort.Full;
                        model.Session.Run(batch, effort, logits, exits);
                    }

                    return (Rows(logits), exits);
                }
            );
        }

        Answers Theirs(Batch[] batches) =>
            Timed(
                batches,
                batch =>
                {
                    using var answers = onnx.Run(batch, padId);
                    return (RowsOf(answers, batch.Count), ExitsOf(answers, batch.Count));
                }
            );

        // Logits behind all layers in their order: the last layer's stand first in the file.
        float[][] RowsOf(IReadOnlyList<OrtValue> answers, int texts)
        {
            int exits = options.Exits == ExitForm.Outputs ? model.Config.ExitCount : 1,
                outputs = model.Config.Outputs;
            float[][] rows =
            [
                .. Enumerable.Range(0, texts).Select(_ => new float[exits * outputs]),
            ];
            for (int e = 0; e < exits; e++)
            {
                ReadOnlySpan<float> logits = answers[(e + 1) % exits].GetTensorDataAsSpan<float>();
                for (int s = 0; s < texts; s++)
                {
                    logits.Slice(s * outputs, outputs).CopyTo(rows[s].AsSpan(e * outputs));
                }
            }

            return rows;
        }

        int[] ExitsOf(IReadOnlyList<OrtValue> answers, int texts)
        {
            int[] exits = new int[texts];
            for (int s = 0; s < texts && options.Exits == ExitForm.If; s++)
            {
                exits[s] = (int)answers[1].GetTensorDataAsSpan<long>()[s] - 1;
            }

            return exits;
        }

        Agreement Compared(string form, Answers theirs, Answers ours)
        {
            Agreement found = new(form, texts.Count)
            {
                OnnxMilliseconds = theirs.Milliseconds / texts.Count,
                OurMilliseconds = ours.Milliseconds / texts.Count,
                EqualExits =
                    options.Exits == ExitForm.If
                        ? theirs.Exits.Zip(ours.Exits).Count(e => e.First == e.Second)
                        : null,
            };
            for (int i = 0; i < texts.Count; i++)
            {
                found.Compare(theirs.Logits[i], ours.Logits[i]);
                int last = theirs.Logits[i].Length - model.Config.Outputs;
                found.CompareLabels(theirs.Logits[i].AsSpan(last), ours.Logits[i].AsSpan(last));
            }

            return found;
        }
    }

    /// <summary>A language model's scores behind every token, also of texts whose first half came before.</summary>
    public IReadOnlyList<Agreement> Language(LanguageModel model, IReadOnlyList<Example> texts)
    {
        LanguageSession session = new(model.Packed, model.Workers);
        int most = Math.Min(model.Config.MaxLength, ClassifierOptions.DefaultLength),
            columns = model.Config.Vocabulary;
        using OnnxRuntimeModel onnx = new(path, threads);
        return
        [
            Compared("alone", 1),
            Compared($"{SequencesTogether} padded", SequencesTogether),
            Compared("behind a past", 1, halves: true),
        ];

        Agreement Compared(string form, int together, bool halves = false)
        {
            Agreement found = new(form, texts.Count);
            foreach (Batch batch in Batches(model.Tokenizer, texts, most, together))
            {
                stop.ThrowIfCancellationRequested();
                float[] ours = new float[batch.Tokens * columns];
                long began = Stopwatch.GetTimestamp();
                session.Score(
                    batch,
                    (row, logits) => logits.Span.CopyTo(ours.AsSpan(row * columns))
                );
                found.OurMilliseconds += Since(began) / texts.Count;
                began = Stopwatch.GetTimestamp();
                int from = halves ? batch.Tokens / 2 : 0;
                using var answers = from > 0 ? Halves(batch, from) : onnx.Run(batch, padId);
                found.OnnxMilliseconds += Since(began) / texts.Count;
                Compare(found, batch, answers[0].GetTensorDataAsSpan<float>(), ours, from);
            }

            return found;
        }

        // A text of one sequence, the first half of which the keys and values are kept of.
        IDisposableReadOnlyCollection<OrtValue> Halves(Batch batch, int from)
        {
            using var first = onnx.Run(Part(batch, 0, from), padId);
            return onnx.Run(Part(batch, from, batch.Tokens), padId, [.. first.Skip(1)], from);
        }

        void Compare(
            Agreement found,
            Batch batch,
            ReadOnlySpan<float> theirs,
            ReadOnlySpan<float> ours,
            int from
        )
        {
            int longest = theirs.Length / columns / batch.Count;
            for (int s = 0; s < batch.Count; s++)
            {
                int start = batch.Starts[s] + from,
                    rows = batch.Starts[s + 1] - start;
                ReadOnlySpan<float> own = ours.Slice(start * columns, rows * columns),
                    other = theirs.Slice(s * longest * columns, rows * columns);
                found.Compare(other, own);
                found.CompareLabels(other[^columns..], own[^columns..]);
            }
        }
    }

    sealed record Answers(List<float[]> Logits, List<int> Exits)
    {
        public double Milliseconds { get; set; }
    }

    /// <summary>The second time, since the first one makes buffers and code.</summary>
    Answers Timed(Batch[] batches, Func<Batch, (float[][] Logits, int[] Exits)> answer)
    {
        Answers answers = new([], []);
        foreach (Batch batch in batches)
        {
            stop.ThrowIfCancellationRequested();
            var (logits, exits) = answer(batch);
            answers.Logits.AddRange(logits);
            answers.Exits.AddRange(exits);
        }

        long began = Stopwatch.GetTimestamp();
        foreach (Batch batch in batches)
        {
            answer(batch);
        }

        answers.Milliseconds = Since(began);
        return answers;
    }

    static double Since(long began) => Stopwatch.GetElapsedTime(began).TotalMilliseconds;

    static float[][] Rows(Tensor matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(r => matrix.Row(r).ToArray())];

    static Batch Part(Batch batch, int from, int past) =>
        new()
        {
            Ids = batch.Ids[from..past],
            TypeIds = batch.TypeIds[from..past],
            Starts = [0, past - from],
        };

    static Batch[] Batches(
        Tokenizer tokenizer,
        IReadOnlyList<Example> texts,
        int most,
        int together
    )
    {
        EncodedSplit split = EncodedSplit.From(
            new Split("check", texts),
            new Labelled([]),
            tokenizer,
            most
        );
        return [.. split.Batches(together)];
    }
}
